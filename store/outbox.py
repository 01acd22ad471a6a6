"""The outbox: e-mails, events and answers, written with the effects they tell of, sent later by a relay.

States, and who moves a row between them::

    due ──lease──▶ claimed ──hand over──▶ handed_over ──settle──▶ sent
     ▲               │  │                     │   ├────────────▶ refused   (5yz, address impossible)
     │               │  └── 4yz, away ──▶ due │   └────────────▶ unknown ──judge──▶ due (once more) | held
     └─ lease ends ──┘                        └─ lease ends ──▶ unknown

An operator moves refused, unknown and held rows back to due, or any that waits to discarded (``store.withheld``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from pydantic import JsonValue
from pydantic_core import to_json

from store.contract import Row, Transaction, Value, as_moment, as_text

Channel = Literal["mail", "event", "answer"]
State = Literal["due", "sent", "refused", "unknown", "held"]


@dataclass(frozen=True, slots=True)
class Staged:
    """Something that must leave, before it is written.

    ``key`` names notice and occasion: the same key is written once, ever. None: as often as its message has its effect (once).
    """

    channel: Channel
    name: str
    destination: str
    facts: Mapping[str, JsonValue]
    key: str | None = None
    seq: int | None = None
    correlation_id: str | None = None
    facts_json: str = ""
    """The facts in JSON, where the caller has written them already."""

    def as_row(self, now: str) -> tuple[Value, ...]:
        """Write the row in the order of ``outbox.stage``'s parameters."""
        facts = self.facts_json or to_json(self.facts).decode()
        return (
            self.channel, self.name, self.destination, self.key, facts, self.seq, self.correlation_id, "due", 0, now, now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leased:
    """A row that this relay holds until its lease ends."""

    no: int
    channel: Channel
    name: str
    destination: str
    key: str | None
    facts_json: str
    seq: int | None
    correlation_id: str | None
    attempts: int
    created_at: datetime

    @property
    def facts(self) -> dict[str, JsonValue]:
        """What it tells; read only now, so that a row that cannot be read is one row's fault and not the lease's."""
        return cast("dict[str, JsonValue]", json.loads(self.facts_json))


@dataclass(frozen=True, slots=True)
class Settled:
    """How one sending ended."""

    no: int
    state: State
    attempts: int
    due_at: datetime
    reply: str


async def stage_all(tx: Transaction, staged: Sequence[Staged], now: datetime) -> int:
    """Write what must leave; return how many were not written before."""
    at = as_text(now)
    return await tx.insert_all("outbox.stage", [one.as_row(at) for one in staged])


async def lease(
    tx: Transaction, channel: Channel, *, now: datetime, leased_until: datetime, leased_by: str, most: int
) -> list[Leased]:
    """Take what is due on a channel for this relay, oldest first."""
    rows = await tx.rows(
        "outbox.lease",
        channel=channel,
        now=as_text(now),
        leased_until=as_text(leased_until),
        leased_by=leased_by,
        most=most,
    )
    return [
        Leased(
            no=row["no"],
            channel=row["channel"],
            name=row["name"],
            destination=row["destination"],
            key=row["key"],
            facts_json=row["facts"],
            seq=row["seq"],
            correlation_id=row["correlation_id"],
            attempts=row["attempts"],
            created_at=as_moment(row["created_at"]),
        )
        for row in sorted(rows, key=lambda row: int(row["no"]))
    ]


async def expire_leases(tx: Transaction, now: datetime) -> int:
    """Free what dead relays held; what they had handed over becomes *unknown*."""
    return await tx.run("outbox.expire_leases", now=as_text(now))


async def renew_all(tx: Transaction, numbers: Sequence[int], leased_by: str, leased_until: datetime) -> None:
    """Hold on to mails that this relay still holds."""
    if numbers:
        at = as_text(leased_until)
        await tx.run("outbox.renew", numbers=json.dumps(numbers), leased_by=leased_by, leased_until=at)


async def hand_over_all(tx: Transaction, numbers: Sequence[int], leased_by: str, leased_until: datetime) -> set[int]:
    """Mark mails as handed over, before the final dot, and renew their leases; return those this relay still held."""
    if not numbers:
        return set()
    at = as_text(leased_until)
    rows = await tx.rows("outbox.hand_over", numbers=json.dumps(numbers), leased_by=leased_by, leased_until=at)
    return {row["no"] for row in rows}


async def release_all(tx: Transaction, numbers: Sequence[int], leased_by: str) -> None:
    """Give back mails that were certainly not sent: due again as they were before."""
    if numbers:
        await tx.run("outbox.release", numbers=json.dumps(numbers), leased_by=leased_by)


async def settle_all(tx: Transaction, settled: Sequence[Settled], leased_by: str, now: datetime) -> None:
    """Write how each sending ended."""
    if not settled:
        return
    at = as_text(now)
    ended = [
        [one.no, one.state, one.attempts, as_text(one.due_at), one.reply, None if one.state == "due" else at]
        for one in settled
    ]
    await tx.run("outbox.settle", ended=json.dumps(ended), leased_by=leased_by)


async def unknown(tx: Transaction, *, most: int) -> Sequence[Row]:
    """Return mails whose fate nobody knows."""
    return await tx.rows("outbox.unknown", most=most)


async def judge(tx: Transaction, no: int, state: Literal["due", "held"], now: datetime) -> None:
    """Send a mail of unknown fate once more, or hold it for an operator."""
    await tx.run("outbox.judge", no=no, state=state, due_at=as_text(now))


async def listed(
    tx: Transaction, *, channel: str = "", name: str = "", state: str = "", before: int = 1 << 62, most: int = 100
) -> Sequence[Row]:
    """Return what leaves, newest first, without its facts."""
    return await tx.rows("outbox.listed", channel=channel, name=name, state=state, before=before, most=most)
