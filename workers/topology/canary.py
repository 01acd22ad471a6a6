"""A message sent the way of all messages: into each topic exchange and out of a queue of its own.

Its routing key begins with ``doctor.canary.``, which fits no family, and its queue is exclusive and goes with
the connection: no worker ever sees it. The last canary is as large as the largest message that we accept.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import (
    ChannelClosed,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
    PublishError,
)
from aiormq.exceptions import ChannelAccessRefused

from workers.topology.finding import Finding
from workers.topology.plan import EVENTS, INBOUND
from workers.topology.users import CANARY_KEY_PREFIX, CANARY_PREFIX


@dataclass(frozen=True, slots=True)
class Canary:
    """One flight: through which exchange, with how large a body."""

    exchange: str
    body_bytes: int = 0

    async def fly(self, connection: AbstractConnection, seconds: float) -> Finding:
        """The canary came through, or where it was lost."""
        channel = connection.channel(on_return_raises=True)
        try:
            async with asyncio.timeout(seconds):
                await channel.initialize()
                try:
                    await self._there_and_back(channel)
                finally:
                    await channel.close()
        except TimeoutError:
            return self._lost("silent", f"did not come through within {seconds:g} s: look for an alarm.")
        except (DeliveryError, ChannelClosed) as error:
            return self._refused(error)
        came = f"a message of {self.body_bytes} bytes came through {self.exchange}."
        return Finding("canary", "good", self.exchange, came)

    async def _there_and_back(self, channel: AbstractChannel) -> None:
        name = secrets.token_hex(8)
        key = CANARY_KEY_PREFIX + name
        queue = await channel.declare_queue(CANARY_PREFIX + name, exclusive=True, auto_delete=True)
        await queue.bind(self.exchange, key)
        arrived = asyncio.Event()

        async def take(message: AbstractIncomingMessage) -> None:
            await message.ack()
            arrived.set()

        await queue.consume(take)
        exchange = await channel.get_exchange(self.exchange, ensure=False)
        message = Message(
            bytes(self.body_bytes),
            message_id=name,
            type="doctor.canary",
            delivery_mode=DeliveryMode.NOT_PERSISTENT,
        )
        await exchange.publish(message, key, mandatory=True)
        await arrived.wait()

    def _refused(self, error: DeliveryError | ChannelClosed) -> Finding:
        match error:
            case PublishError():
                return self._lost("returned", "was returned, though a queue was bound for it.")
            case ChannelAccessRefused():
                return self._lost("permission", f"lacks a permission. The broker says: {error}")
            case ChannelNotFoundEntity():
                return self._lost("no_exchange", "found no such exchange.")
            case ChannelPreconditionFailed() if self.body_bytes:
                return Finding(
                    "message_size.short",
                    "fault",
                    self.exchange,
                    f"the broker takes no message of {self.body_bytes} bytes, which we accept: raise its "
                    f"max_message_size, or lower our limit.",
                )
            case _:
                return self._lost("refused", f"was refused: {error}")

    def _lost(self, rule: str, what: str) -> Finding:
        return Finding(f"canary.{rule}", "fault", self.exchange, f"the canary through {self.exchange} {what}")


def flights(body_bytes_max: int) -> tuple[Canary, ...]:
    """One canary for each topic exchange, and a heavy one."""
    return (Canary(INBOUND), Canary(EVENTS), Canary(INBOUND, body_bytes_max))
