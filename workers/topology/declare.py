"""The plan declared on a broker: exchanges, queues and bindings by AMQP, policies by the management API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPConnectionError, ChannelClosed, ChannelPreconditionFailed

from messages.errors import BrokerAway, Misconfigured
from workers.topology.connecting import connected
from workers.topology.management import Management
from workers.topology.plan import Plan, Policy, Version
from workers.topology.seen import Broker, PolicySeen

CONNECT_SECONDS = 10.0
DECLARE_SECONDS = 60.0
"""For all of it; a quorum queue takes some 50 ms to elect its leader."""

NO_MANAGEMENT = (
    "policies cannot be declared over AMQP and no management URL is known: set PMP_MANAGEMENT_URL, or import "
    "deploy/rabbitmq/definitions-base.json (and the overlay of the broker's version) into the virtual host"
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that declaring makes so."""

    verb: Literal["create", "change"]
    what: Literal["exchange", "queue", "binding", "policy"]
    name: str

    def __str__(self) -> str:
        return f"{self.verb} {self.what} {self.name}"


async def declare(
    url_or_connection: str | AbstractConnection, management: Management | None, plan: Plan
) -> tuple[Change, ...]:
    """Everything planned stands on the broker; what was there before is left, nothing is removed.

    Policies come before the queues they are for, so that no queue is without one even for a moment, and
    queues that catch come before those that may let fall.

    Returns:
        What had to be made so; nothing, when the topology stood already.

    Raises:
        Misconfigured: no management API, no right to declare, or something of that name is of another shape.
        BrokerAway: nobody answers.
    """
    if management is None:
        raise Misconfigured(NO_MANAGEMENT)
    broker = await management.look()
    planned = _differences(plan, broker)
    try:
        async with asyncio.timeout(DECLARE_SECONDS), _channel(url_or_connection) as channel:
            for exchange in plan.exchanges:
                await channel.declare_exchange(exchange.name, exchange.kind, durable=True)
            for policy in plan.policies:
                if not _stands(policy, broker):
                    await management.put_policy(policy, broker.version)
            await _declare_queues(channel, plan)
    except ChannelPreconditionFailed as error:
        raise Misconfigured(
            f"something of that name is of another shape, and only you may delete it: {error}"
        ) from error
    except ChannelClosed as error:
        raise Misconfigured(f"the broker refuses to declare: {error}") from error
    except (AMQPConnectionError, TimeoutError) as error:
        raise BrokerAway(f"the broker went away while declaring ({type(error).__name__})") from error
    return planned


async def changes(management: Management | None, plan: Plan) -> tuple[Change, ...]:
    """What :func:`declare` would make so; nothing is touched."""
    if management is None:
        raise Misconfigured(NO_MANAGEMENT)
    return _differences(plan, await management.look())


async def _declare_queues(channel: AbstractChannel, plan: Plan) -> None:
    for queue in plan.queues:
        declared = await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
        for binding in plan.bindings:
            if binding.queue == queue.name:
                await declared.bind(binding.exchange, binding.routing_key)


@asynccontextmanager
async def _channel(url_or_connection: str | AbstractConnection) -> AsyncIterator[AbstractChannel]:
    """A channel of its own; a connection that was lent stays open."""
    if isinstance(url_or_connection, str):
        async with (
            connected(url_or_connection, CONNECT_SECONDS) as connection,
            connection.channel() as channel,
        ):
            yield channel
    else:
        async with url_or_connection.channel() as channel:
            yield channel


def _differences(plan: Plan, broker: Broker) -> tuple[Change, ...]:
    standing = {(b.source, b.destination, b.routing_key) for b in broker.bindings if b.destination_type == "queue"}
    known = {policy.name for policy in broker.policies or ()}
    return (
        *(Change("create", "exchange", e.name) for e in plan.exchanges if e.name not in broker.exchanges),
        *(
            Change("change" if policy.name in known else "create", "policy", policy.name)
            for policy in plan.policies
            if not _stands(policy, broker)
        ),
        *(Change("create", "queue", queue.name) for queue in plan.queues if queue.name not in broker.queues),
        *(
            Change("create", "binding", f"{b.exchange} --{b.routing_key}--> {b.queue}")
            for b in plan.bindings
            if (b.exchange, b.queue, b.routing_key) not in standing
        ),
    )


def _stands(policy: Policy, broker: Broker) -> bool:
    return any(_equal(policy, seen, broker.version) for seen in broker.policies or ())


def _equal(policy: Policy, seen: PolicySeen, version: Version) -> bool:
    return (seen.name, seen.pattern, seen.applies_to, seen.priority, dict(seen.definition)) == (
        policy.name,
        policy.pattern,
        policy.applies_to,
        policy.priority,
        policy.definition(version),
    )
