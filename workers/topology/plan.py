"""The broker's topology as data: what must exist so that a confirmed message is never lost.

::

    pmp.inbound (topic) ──<family>.#──▶ pmp.<family> ──10 crashes──▶ pmp.dead (fanout) ──▶ pmp.dead
         └── no binding fits ──▶ pmp.unrouted (fanout) ──▶ pmp.unrouted
    pmp.events (topic)  ──▶ whoever listens

Every queue is a quorum queue and that type is its only argument: an argument beats the policy and can never
be changed on a living queue, a policy can be changed at any time. Every queue has one complete policy of its
own, because the broker applies only one: the fitting one with the highest priority. Nothing in this module
has an effect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Version = tuple[int, int]
"""Major and minor version of RabbitMQ, ``(3, 10)``."""

OLDEST: Version = (3, 10)
"""The first version with at-least-once dead-lettering; the base keeps to what it accepts."""

INBOUND, EVENTS, UNROUTED, DEAD, FILES = "pmp.inbound", "pmp.events", "pmp.unrouted", "pmp.dead", "pmp.files"

FAMILIES = (
    "registration",
    "approval",
    "account",
    "delegate",
    "credential",
    "dispensation",
    "dispenser",
    "review",
    "patient",
    "ticket",
    "conduct",
    "mail",
)
"""The families spoken today, in the order of their queues."""

SPLIT: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "dispensation": MappingProxyType(
            {
                "pmp.dispensation": ("dispensation.record_submitted", "dispensation.records_submitted"),
                FILES: ("dispensation.file_submitted",),
            }
        )
    }
)
"""Families that do not simply own ``<family>.#``: queue → binding keys. A whole file takes seconds, so files
wait in a queue of their own; ``dispensation.#`` beside these keys would deliver every file twice."""

DELIVERY_LIMIT = 10
"""Deliveries that may end in a crash before the broker sets the message aside; ordinary retries never count
here."""

DELIVERY_LIMIT_TERMINAL = 1_000_000
"""Explicit and huge: behind pmp.dead there is nothing, so the default of 20 in RabbitMQ 4 would delete (and
-1 is refused by 3.10)."""

GIB = 1024**3
QUEUE_BYTES_MAX = 2 * GIB
FILES_BYTES_MAX = 8 * GIB
TERMINAL_BYTES_MAX = 16 * GIB
"""A full queue refuses its publishers, who keep the message; these bounds keep one queue from filling the
disk."""

CONSUMER_TIMEOUT_MS = 30 * 60 * 1000
"""How long a delivery may stay unacknowledged; said in the policy, a lower number in rabbitmq.conf does not
matter."""

PRIORITY_FIRST = 901
"""Policies count up from here: far above what people type, and no two alike, for a tie is decided by
chance."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: Literal["topic", "fanout"]


@dataclass(frozen=True, slots=True)
class Queue:
    """A quorum queue. ``terminal`` says that nobody is behind it: what it drops is gone."""

    name: str
    terminal: bool = False
    bytes_max: int = QUEUE_BYTES_MAX

    @property
    def arguments(self) -> Mapping[str, str]:
        """The only argument there is."""
        return {"x-queue-type": "quorum"}


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """Messages of ``exchange`` whose routing key fits ``routing_key`` go to ``queue``."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a policy, and the first version that accepts it; an unknown key refuses a whole policy."""

    key: str
    value: str | int
    since: Version = OLDEST


@dataclass(frozen=True, slots=True)
class Policy:
    """One complete policy for exactly one queue or exchange."""

    name: str
    applies_to: Literal["queues", "exchanges"]
    priority: int
    settings: tuple[Setting, ...]

    @property
    def pattern(self) -> str:
        """The pattern that fits the one name and no other."""
        return f"^{re.escape(self.name)}$"

    def definition(self, version: Version) -> dict[str, str | int]:
        """The keys that a broker of this version accepts."""
        return {setting.key: setting.value for setting in self.settings if setting.since <= version}


@dataclass(frozen=True, slots=True)
class Plan:
    """All that must exist. Queues stand in the order of declaring: what catches before what may fall."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]
    policies: tuple[Policy, ...]

    def policy_for(self, name: str, applies_to: Literal["queues", "exchanges"]) -> Policy | None:
        """The policy meant for this queue or exchange, if it has one."""
        return next((p for p in self.policies if p.name == name and p.applies_to == applies_to), None)


def plan(families: Sequence[str] = FAMILIES) -> Plan:
    """The topology for these families; every family gets its queue, its bindings and its policy.

    Args:
        families: the first word of every kind that is spoken, each once.
    """
    routes = {queue: keys for family in families for queue, keys in queues_of(family).items()}
    terminal = tuple(Queue(name, terminal=True, bytes_max=TERMINAL_BYTES_MAX) for name in (DEAD, UNROUTED))
    working = tuple(Queue(name, bytes_max=FILES_BYTES_MAX if name == FILES else QUEUE_BYTES_MAX) for name in routes)
    queues = terminal + working
    return Plan(
        exchanges=(
            Exchange(DEAD, "fanout"),
            Exchange(UNROUTED, "fanout"),
            Exchange(EVENTS, "topic"),
            Exchange(INBOUND, "topic"),
        ),
        queues=queues,
        bindings=(
            *(Binding(queue.name, queue.name, "") for queue in terminal),
            *(Binding(INBOUND, queue, key) for queue, keys in routes.items() for key in keys),
        ),
        policies=(
            Policy(INBOUND, "exchanges", PRIORITY_FIRST, (Setting("alternate-exchange", UNROUTED),)),
            *(
                Policy(queue.name, "queues", PRIORITY_FIRST + place, _settings(queue))
                for place, queue in enumerate(queues, start=1)
            ),
        ),
    )


def queues_of(family: str) -> Mapping[str, tuple[str, ...]]:
    """The queues in which this family's messages wait, each with its binding keys."""
    return SPLIT.get(family) or {f"pmp.{family}": (f"{family}.#",)}


def _settings(queue: Queue) -> tuple[Setting, ...]:
    """Strategy, overflow and target together, or dead-lettering is silently at-most-once (RabbitMQ docs)."""
    bounds = (
        Setting("overflow", "reject-publish"),
        Setting("max-length-bytes", queue.bytes_max),
        Setting("delivery-limit", DELIVERY_LIMIT_TERMINAL if queue.terminal else DELIVERY_LIMIT),
        Setting("consumer-timeout", CONSUMER_TIMEOUT_MS, since=(3, 12)),
    )
    if queue.terminal:
        return bounds
    return (
        Setting("dead-letter-exchange", DEAD),
        Setting("dead-letter-strategy", "at-least-once"),
        *bounds,
    )
