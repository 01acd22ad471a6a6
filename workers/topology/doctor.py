"""The doctor: compares what the broker really applies with what we need, and says in words what is wrong.

With the management API it sees everything but ``rabbitmq.conf``; over AMQP alone it sees whether things exist
and whether a message gets through, and says what it could not see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aio_pika.abc import AbstractConnection

from messages.errors import Misconfigured
from workers.topology.broker_rules import judge_broker
from workers.topology.canary import flights
from workers.topology.connecting import connected
from workers.topology.finding import Finding, Severity, worst_first
from workers.topology.management import Management
from workers.topology.plan import OLDEST, Plan
from workers.topology.policy_rules import judge_policies
from workers.topology.probe import Probe
from workers.topology.queue_rules import REDECLARE, judge_queues
from workers.topology.routing_rules import judge_routing
from workers.topology.seen import Broker
from workers.topology.settling import settled

__all__ = ["Examination", "Finding", "Severity", "examine", "judge", "refuse_to_start", "refuses_to_start", "remedy"]


@dataclass(frozen=True, slots=True)
class Examination:
    """What the workers need of the broker, and how patient the doctor is.

    Args:
        handler_budget_seconds: the longest that a handler may take with one delivery.
        body_bytes_max: the largest body that we accept.
        event_kinds: the kinds that the workers publish to ``pmp.events``; topic permissions must allow each.
        probe_permissions: whether to try each permission; it writes a line per queue into the broker's log.
        answer_seconds: how long to wait for any one answer.
        settle_seconds: how long to look again while the management API's statistics, which lag by 5 s, do not
            show what its lists say, or a dead letter is on its way.
    """

    handler_budget_seconds: float = 300.0
    body_bytes_max: int = 1024 * 1024
    event_kinds: tuple[str, ...] = ()
    probe_permissions: bool = True
    answer_seconds: float = 10.0
    settle_seconds: float = 12.0


async def examine(
    plan: Plan, amqp_url: str, management: Management | None, examination: Examination = Examination()
) -> list[Finding]:
    """Everything that was looked at, the worst first; only ``good`` when all is well.

    Raises:
        BrokerAway: the broker or its management API does not answer.
        Misconfigured: an URL, password or virtual host is wrong, so that nothing could be looked at.
    """
    found = [UNMANAGED] if management is None else await _managed(plan, management, examination)
    async with connected(amqp_url, examination.answer_seconds) as connection:
        found += await _by_amqp(plan, connection, examination, seen=management is not None)
    return worst_first([*found, *_good(plan, found)])


def judge(plan: Plan, broker: Broker, handler_budget_seconds: float) -> Iterator[Finding]:
    """Every fault that one look at the broker shows. Nothing is asked and nothing is touched."""
    yield from judge_broker(plan, broker)
    if broker.version < OLDEST:
        return  # no policy of ours can work there: nothing else is worth saying
    yield from judge_routing(plan, broker)
    yield from judge_queues(plan, broker, handler_budget_seconds)
    yield from judge_policies(plan, broker)


def refuses_to_start(findings: Iterable[Finding]) -> bool:
    """Whether workers must not start on such a broker: something there would lose messages."""
    return any(finding.severity == "loses_messages" for finding in findings)


def refuse_to_start(findings: Iterable[Finding]) -> None:
    """The broker loses nothing.

    Raises:
        Misconfigured: it would; every reason is named.
    """
    reasons = [finding for finding in findings if finding.severity == "loses_messages"]
    if reasons:
        sentences = " ".join(reason.sentence for reason in reasons)
        raise Misconfigured(f"on this broker messages would be lost: {sentences} {remedy(reasons)}".rstrip())


def remedy(findings: Iterable[Finding]) -> str:
    """How to declare anew, where one of the findings asks for that; else nothing."""
    wanted = any(REDECLARE in finding.sentence for finding in findings)
    return (
        "→ `pmp topology declare` declares anew: whatever is missing or differs, nothing is removed." if wanted else ""
    )


UNMANAGED = Finding(
    "management.absent",
    "warning",
    "management",
    "without a management URL (PMP_MANAGEMENT_URL) the doctor cannot see queue types, bindings, policies, "
    "limits, the alternate exchange, alarms and hidden messages; only that things exist and a message gets "
    "through.",
)


async def _managed(plan: Plan, management: Management, examination: Examination) -> list[Finding]:
    broker = await management.look()
    try:
        async with asyncio.timeout(examination.settle_seconds):
            while not settled(plan, broker):
                await asyncio.sleep(1.0)
                broker = await management.look()
    except TimeoutError:
        pass  # it stays so: the rules say what they see
    return list(judge(plan, broker, examination.handler_budget_seconds))


async def _by_amqp(
    plan: Plan, connection: AbstractConnection, examination: Examination, *, seen: bool
) -> list[Finding]:
    probe = Probe(connection, examination.answer_seconds)
    found = [] if seen else await probe.missing(plan)
    if examination.probe_permissions:
        found += await probe.unreadable(plan)
        found += await probe.unwritable(examination.event_kinds)
    for canary in flights(examination.body_bytes_max):
        found.append(await canary.fly(connection, examination.answer_seconds))
    return found


def _good(plan: Plan, found: Iterable[Finding]) -> Iterator[Finding]:
    """A word for each queue and exchange that no finding is about."""
    subjects = {finding.subject for finding in found if finding.severity != "good"}
    for queue in plan.queues:
        if queue.name not in subjects:
            yield Finding("queue", "good", queue.name, f"{queue.name} keeps what it is given.")
    for exchange in plan.exchanges:
        if exchange.name not in subjects:
            yield Finding("exchange", "good", exchange.name, f"{exchange.name} is there and routes.")
