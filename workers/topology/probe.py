"""What AMQP alone can tell: whether things exist and what the connection's user may do.

No probe leaves a trace in a queue of ours. Reading is tried by a consumer, writing by a message, with one
absurd property that the broker refuses *after* it has checked permissions: 403 means "may not", 406 means
"may". The price is one line per probe in the broker's log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelClosed, ChannelNotFoundEntity
from aiormq.abc import AbstractChannel as RawChannel
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelAccessRefused
from pamqp.commands import Basic

from workers.topology.finding import Finding
from workers.topology.plan import EVENTS, Plan
from workers.topology.queue_rules import missing_queue
from workers.topology.routing_rules import missing_exchange
from workers.topology.users import CANARY_KEY_PREFIX

NOT_A_NUMBER = "not a number"
NOBODY = "nobody, the doctor only asks"

Question = Callable[[RawChannel], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Probe:
    """One connection that the doctor asks through, and how long it waits for any one answer."""

    connection: AbstractConnection
    seconds: float

    async def missing(self, plan: Plan) -> list[Finding]:
        """The planned exchanges and queues that do not exist."""
        exchanges = [
            missing_exchange(exchange)
            for exchange in plan.exchanges
            if isinstance(await self._refusal(_exchange_exists(exchange.name)), ChannelNotFoundEntity)
        ]
        queues = [
            missing_queue(queue)
            for queue in plan.queues
            if isinstance(await self._refusal(_queue_exists(queue.name)), ChannelNotFoundEntity)
        ]
        return exchanges + queues

    async def unreadable(self, plan: Plan) -> list[Finding]:
        """The planned queues that the connection's user may not read."""
        return [
            _may_not("read", queue.name, refusal)
            for queue in plan.queues
            if isinstance(refusal := await self._refusal(_consume(queue.name)), ChannelAccessRefused)
        ]

    async def unwritable(self, kinds: Iterable[str]) -> list[Finding]:
        """The kinds that the connection's user may not publish to ``pmp.events``.

        The first question is asked under the canary's key, which nobody listens to: a user who may speak for
        others (tag ``impersonator``) would not be refused, and a probe of a real kind would be a real event.
        """
        harmless = await self._refusal(_publish(EVENTS, f"{CANARY_KEY_PREFIX}probe"))
        if harmless is None:
            return [IMPERSONATOR]
        return [
            _may_not("write", EVENTS, refusal)
            for kind in kinds
            if isinstance(refusal := await self._refusal(_publish(EVENTS, kind)), ChannelAccessRefused)
        ]

    async def _refusal(self, question: Question) -> ChannelClosed | None:
        """How the broker refuses the question; each question has its channel, for a refusal closes it."""
        channel = self.connection.channel()
        async with asyncio.timeout(self.seconds):
            await channel.initialize()
            try:
                await question(await channel.get_underlay_channel())
            except ChannelClosed as refusal:
                return refusal
            finally:
                await channel.close()
        return None


IMPERSONATOR = Finding(
    "permission.unseen",
    "warning",
    EVENTS,
    "the workers' user may speak for other users (tag `impersonator`), so its permission to publish each "
    "kind cannot be tried without a real event: take the tag away, replays do not need it.",
)


def _may_not(verb: str, name: str, refusal: ChannelClosed) -> Finding:
    """The broker's own words name the user, the resource and, where it decides, the routing key."""
    return Finding(
        f"permission.{verb}",
        "fault",
        name,
        f"the workers' user may not {verb} {name}: give it that permission. The broker says: {refusal}",
    )


def _exchange_exists(name: str) -> Question:
    return lambda channel: channel.exchange_declare(name, passive=True)


def _queue_exists(name: str) -> Question:
    return lambda channel: channel.queue_declare(name, passive=True)


def _consume(queue: str) -> Question:
    """Never consumes: ``x-priority`` must be a number, which is checked after the permission to read."""

    async def ask(channel: RawChannel) -> object:
        await channel.basic_qos(prefetch_count=1)
        return await channel.basic_consume(queue, _leave, arguments={"x-priority": NOT_A_NUMBER})

    return ask


def _publish(exchange: str, key: str) -> Question:
    """Never publishes: ``user_id`` must be our own, which is checked after the permission for the topic.

    (Of the properties that are checked it is the last one: RabbitMQ 4 checks ``expiration`` before the
    topic.)
    """
    properties = Basic.Properties(user_id=NOBODY, message_type="doctor.probe", delivery_mode=1)
    return lambda channel: channel.basic_publish(b"", exchange=exchange, routing_key=key, properties=properties)


async def _leave(message: DeliveredMessage) -> None:
    """Left unacknowledged, should it ever come: closing the channel returns it."""
