"""Events and answers leave: published with confirms in flight, marked when RabbitMQ has taken them.

A turn is settled whole. A relay that is killed in one publishes up to a turn again, under the same ``message_id``, by which
receivers know a repetition. Settled in groups of 100 it published a quarter to nearly half less in a second, whether or not the
groups overlapped: the confirms of a turn come all at once, and each further commit is only waited for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError

from messages.envelope import JSON
from messages.errors import BrokerAway, Misconfigured
from store import outbox
from store.contract import Store
from store.outbox import Channel, Leased, Settled
from workers.broker import dead_line_is_away, open_connection
from workers.topology.plan import EVENTS

log = structlog.get_logger("pmp.relay")

_MOST_AT_ONCE = 500
_CONFIRM_SECONDS = 10.0
_DIRECT_REPLY = "amq.rabbitmq.reply-to."


class PublishRelay:
    """Publishes what is due on the channels ``event`` and ``answer``, over one connection of its own."""

    def __init__(
        self, store: Store, amqp_url: str, clock: Callable[[], datetime], *, leased_by: str, lease_seconds: float
    ) -> None:
        self._store = store
        self._url = amqp_url
        self._clock = clock
        self._leased_by = leased_by
        self._lease = timedelta(seconds=lease_seconds)
        self._connection: AbstractConnection | None = None
        self._events: AbstractExchange | None = None
        self._answers: AbstractExchange | None = None
        self._channel: AbstractChannel | None = None

    async def turn(self) -> int:
        """Publish what is due; return how many rows were taken.

        Raises:
            BrokerAway: the rows are due again at once.
        """
        return await self._of("event") + await self._of("answer")

    async def _of(self, channel: Channel) -> int:
        now = self._clock()
        leased = await self._store.write(
            lambda tx: outbox.lease(
                tx, channel, now=now, leased_until=now + self._lease, leased_by=self._leased_by, most=_MOST_AT_ONCE
            )
        )
        if not leased:
            return 0
        try:
            await self._connect()
        except (BrokerAway, Misconfigured) as error:  # refused only now: a password in change, a broker starting
            await self._settle([self._due(one, "RabbitMQ is away") for one in leased])
            raise BrokerAway(str(error)) from error
        settled = await asyncio.gather(*(self._publish(one) for one in leased))
        await self._settle(settled)
        if any(one.state == "due" for one in settled):
            await self.close()
            raise BrokerAway("RabbitMQ did not confirm in time.")
        return len(leased)

    async def _settle(self, settled: list[Settled]) -> None:
        now = self._clock()
        await self._store.write(lambda tx: outbox.settle_all(tx, settled, self._leased_by, now))

    async def _connect(self) -> None:
        if (
            self._connection is not None
            and not self._connection.is_closed
            and self._channel
            and not self._channel.is_closed
        ):
            return
        await self.close()
        try:
            self._connection = await open_connection(self._url, name="pmp relay")
            with dead_line_is_away():
                self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
                self._events = await self._channel.get_exchange(EVENTS, ensure=False)
            self._answers = self._channel.default_exchange
        except (AMQPError, OSError, TimeoutError, RuntimeError) as error:
            raise BrokerAway(f"RabbitMQ gives no channel: {type(error).__name__}.") from error

    async def _publish(self, leased: Leased) -> Settled:
        is_answer = leased.channel == "answer"
        exchange = self._answers if is_answer else self._events
        assert exchange is not None
        message = aio_pika.Message(
            json.dumps(leased.facts, separators=(",", ":")).encode(),
            message_id=f"pmp-{leased.no}",
            type=leased.name,
            content_type=JSON,
            correlation_id=leased.correlation_id,
            timestamp=leased.created_at,
            app_id="pmp",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        # A direct reply-to is no queue: RabbitMQ returns a mandatory message although it has handed it over.
        is_mandatory = is_answer and not leased.destination.startswith(_DIRECT_REPLY)
        try:
            with dead_line_is_away():
                await exchange.publish(message, leased.destination, mandatory=is_mandatory, timeout=_CONFIRM_SECONDS)
        except PublishError:  # nobody listens at this reply_to any more; the answer stays with the message
            return Settled(leased.no, "refused", leased.attempts + 1, self._clock(), "nobody listens at reply_to")
        except (DeliveryError, AMQPError, BrokerAway, OSError, TimeoutError, RuntimeError) as error:
            return self._due(leased, type(error).__name__)
        return Settled(leased.no, "sent", leased.attempts + 1, self._clock(), "confirmed")

    def _due(self, leased: Leased, why: str) -> Settled:
        return Settled(leased.no, "due", leased.attempts, self._clock(), why)

    async def close(self) -> None:
        """Close the connection; the next turn opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(AMQPError, OSError, TimeoutError, RuntimeError):
                await asyncio.wait_for(connection.close(), 5)
