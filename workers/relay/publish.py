"""Events and answers leave: published with confirms in flight, marked when RabbitMQ has taken them.

A turn is settled whole. A relay that is killed in one publishes up to a turn again, under the same ``message_id``, by which
receivers know a repetition. Settled in groups of 100 it published a quarter to nearly half less in a second, whether or not the
groups overlapped: the confirms of a turn come all at once, and each further commit is only waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError, ChannelPreconditionFailed, DeliveryError, PublishError

from messages.envelope import JSON
from messages.errors import BrokerAway, Misconfigured
from store import outbox
from store.contract import Store
from store.outbox import Channel, Leased, Settled
from workers.broker import dead_line_is_away, open_connection
from workers.logs import places
from workers.topology.plan import EVENTS

log = structlog.get_logger("pmp.relay")

_MOST_AT_ONCE = 500
_CONFIRM_SECONDS = 10.0
_DIRECT_REPLY = "amq.rabbitmq.reply-to."
_OURS = "pmp."  # as every queue of workers.topology.plan begins
_CLOSED = "RabbitMQ closed the channel over one of its turn"
_SHORT_BYTES_MAX = 255  # what AMQP has room for in a routing key and in a correlation_id


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
        self._alone = 0
        """Turns of one row each: one among so many makes RabbitMQ close the channel, and only alone it tells which."""

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
                tx,
                channel,
                now=now,
                leased_until=now + self._lease,
                leased_by=self._leased_by,
                most=1 if self._alone else _MOST_AT_ONCE,
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
        is_closed = any(one.reply == _CLOSED for one in settled)
        self._alone = sum(one.state == "due" for one in settled) if is_closed else max(self._alone - 1, 0)
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
        why_not = _why_to_nobody(leased.destination) if is_answer else None
        if why_not is not None:
            return self._refused(leased, why_not)
        message = _message(leased)
        # A direct reply-to is no queue: RabbitMQ returns a mandatory message although it has handed it over.
        is_mandatory = is_answer and not leased.destination.startswith(_DIRECT_REPLY)
        try:
            with dead_line_is_away():
                await exchange.publish(message, leased.destination, mandatory=is_mandatory, timeout=_CONFIRM_SECONDS)
        except PublishError:  # nobody listens at this reply_to any more; the answer stays with the message
            return self._refused(leased, "nobody listens at reply_to")
        except ChannelPreconditionFailed:  # of one in the turn: too large for this broker, say
            return self._refused(leased, "RabbitMQ refuses it") if self._alone else self._due(leased, _CLOSED)
        except (DeliveryError, AMQPError, BrokerAway, OSError, TimeoutError, RuntimeError) as error:
            return self._due(leased, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a row that cannot be written to the line must not hold up the others
            log.error("publishing_failed", outbox=leased.no, error=type(error).__name__, where=places(error))
            return self._refused(leased, f"it cannot be published: {type(error).__name__}")
        return Settled(leased.no, "sent", leased.attempts + 1, self._clock(), "confirmed")

    def _refused(self, leased: Leased, why: str) -> Settled:
        log.warning("not_published", outbox=leased.no, reason=why)
        return Settled(leased.no, "refused", leased.attempts + 1, self._clock(), why)

    def _due(self, leased: Leased, why: str) -> Settled:
        return Settled(leased.no, "due", leased.attempts, self._clock(), why)

    async def close(self) -> None:
        """Close the connection; the next turn opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(AMQPError, OSError, TimeoutError, RuntimeError):
                await asyncio.wait_for(connection.close(), 5)


def _message(leased: Leased) -> aio_pika.Message:
    about = leased.correlation_id
    return aio_pika.Message(
        leased.facts_json.encode(),
        message_id=f"pmp-{leased.no}",
        type=leased.name,
        content_type=JSON,
        # An id that grew by being escaped stands in the answer's body alone: cut short it would be another one.
        correlation_id=about if about is not None and _is_short(about) else None,
        timestamp=leased.created_at,
        app_id="pmp",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )


def _why_to_nobody(reply_to: str) -> str | None:
    """Say why no answer can go there, or None."""
    if reply_to.startswith(_OURS):
        return "reply_to names a queue of the workers themselves"
    return None if _is_short(reply_to) else "reply_to is longer than AMQP has room for"


def _is_short(text: str) -> bool:
    return len(text.encode()) <= _SHORT_BYTES_MAX
