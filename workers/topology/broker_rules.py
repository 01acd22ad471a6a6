"""What must hold for the broker as a whole: version, flags, alarms, and no message out of sight."""

from __future__ import annotations

from collections.abc import Iterator

from workers.topology.finding import Finding
from workers.topology.plan import OLDEST, Plan
from workers.topology.seen import Broker


def judge_broker(plan: Plan, broker: Broker) -> Iterator[Finding]:
    """Every fault that lies in the broker and not in its topology."""
    yield from _version(broker)
    yield from _alarms(broker)
    yield from _hidden(plan, broker)


def hidden(plan: Plan, broker: Broker) -> int:
    """Messages of planned queues that are neither ready nor unacknowledged."""
    return sum(seen.hidden for queue in plan.queues if (seen := broker.queues.get(queue.name)))


def _version(broker: Broker) -> Iterator[Finding]:
    if broker.version < OLDEST:
        yield Finding(
            "broker.version",
            "loses_messages",
            "broker",
            "RabbitMQ before 3.10 cannot dead-letter at least once: upgrade it.",
        )
    if broker.feature_flags is None and broker.version < (3, 12):
        yield Finding(
            "broker.feature_flag_unseen",
            "warning",
            "broker",
            "the management user may not see feature flags, and a broker upgraded from 3.9 may have "
            "stream_queue off: look with `rabbitmqctl list_feature_flags`.",
        )
    flag = next((flag for flag in broker.feature_flags or () if flag.name == "stream_queue"), None)
    if flag is not None and flag.state != "enabled" and broker.version < (4, 0):
        yield Finding(
            "broker.feature_flag",
            "loses_messages",
            "broker",
            "the feature flag stream_queue is off, and without it dead-lettering is at-most-once: run "
            "`rabbitmqctl enable_feature_flag all`.",
        )


def _alarms(broker: Broker) -> Iterator[Finding]:
    if broker.alarms is None:
        yield Finding(
            "alarm.unseen",
            "warning",
            "broker",
            "the management user may not see alarms: give it the tag `monitoring`.",
        )
    for alarm in broker.alarms or ():
        yield Finding(
            "alarm.raised",
            "fault",
            alarm.node,
            f"the {alarm.resource} alarm is on at {alarm.node}: all publishers are held back until it is "
            f"off. Free memory or disk; a publish that times out now may still arrive.",
        )


def _hidden(plan: Plan, broker: Broker) -> Iterator[Finding]:
    for queue in plan.queues:
        seen = broker.queues.get(queue.name)
        if seen is not None and seen.hidden:
            yield Finding(
                "queue.hidden",
                "fault",
                queue.name,
                f"{queue.name} holds {seen.hidden} messages that are neither ready nor unacknowledged: their "
                "dead-lettering cannot deliver. Mend the dead-letter exchange or make room in pmp.dead; "
                "they move within some three minutes.",
            )
