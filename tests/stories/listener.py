"""Another system of the state that listens to the workers' events, with a queue of its own on RabbitMQ."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from workers.topology.plan import EVENTS

_PATIENCE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Listener:
    """What came and was not heard yet."""

    came: asyncio.Queue[AbstractIncomingMessage]

    async def hears(self) -> Mapping[str, Any]:
        """The next event; one that does not come fails the story."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            event = await self.came.get()
        told = json.loads(event.body)
        assert isinstance(told, dict)
        return told


@asynccontextmanager
async def listening(amqp_url: str, event: str) -> AsyncIterator[Listener]:
    """Every event of this name is heard from now on until the block ends."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS, event)
        came: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await queue.consume(came.put, no_ack=True)
        yield Listener(came)
