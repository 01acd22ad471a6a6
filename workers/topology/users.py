"""What each kind of broker user may do, derived from the same plan that the workers check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from workers.topology.plan import EVENTS, INBOUND

CANARY_PREFIX = "pmp.doctor."
"""Queues of the doctor's canary: the only ones that a worker's user may declare."""

CANARY_KEY_PREFIX = "doctor.canary."
"""Routing keys of the canary: no family is called ``doctor``, so no family queue ever sees one."""

NOTHING = "^$"


@dataclass(frozen=True, slots=True)
class TopicPermission:
    """On this topic exchange the routing key must fit these patterns."""

    exchange: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A user of the broker and the patterns of names that it may configure, write and read."""

    name: str
    password_hash: str = field(repr=False)
    configure: str = NOTHING
    write: str = NOTHING
    read: str = NOTHING
    tags: tuple[str, ...] = ()
    topics: tuple[TopicPermission, ...] = ()


def worker(name: str, password_hash: str) -> BrokerUser:
    """A user that consumes every queue and publishes events and replays, but cannot change the topology."""
    canary = re.escape(CANARY_PREFIX)
    return BrokerUser(
        name,
        password_hash,
        configure=f"^{canary}",
        write=f"^({re.escape(INBOUND)}$|{re.escape(EVENTS)}$|{canary})",
        read=r"^pmp\.",
    )


def publisher(name: str, password_hash: str, kinds: Iterable[str]) -> BrokerUser:
    """A user that may publish exactly these kinds to ``pmp.inbound`` and read nothing (R61)."""
    keys = "|".join(re.escape(kind) for kind in sorted(kinds))
    return BrokerUser(
        name,
        password_hash,
        write=f"^{re.escape(INBOUND)}$",
        topics=(TopicPermission(INBOUND, write=f"^({keys})$", read=NOTHING),),
    )
