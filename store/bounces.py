"""Bounces: addresses that take no mail, and every bounce and restoring that made them so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from messages.message import same_address
from store.contract import Transaction, as_moment, as_text
from store.paging import Key, paged


@dataclass(frozen=True, slots=True)
class Bounce:
    """What happened to an address; ``at`` is when the mail came back, or when somebody restored it."""

    address: str
    act: Literal["permanent", "transient", "restored"]
    at: datetime
    seq: int
    status: str | None = None
    actor: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """An address that takes no mail."""

    address: str
    status: str | None
    bounced_at: datetime


async def record(tx: Transaction, bounce: Bounce) -> None:
    """Keep what happened, for ever."""
    await tx.run(
        "bounces.record",
        address_key=same_address(bounce.address),
        act=bounce.act,
        status=bounce.status,
        actor=bounce.actor,
        text=bounce.text,
        acted_at=as_text(bounce.at),
        seq=bounce.seq,
    )


async def mark(tx: Transaction, bounce: Bounce) -> bool:
    """Let an address take no more mail; False when it was restored after that bounce, or marked by a later one."""
    return bool(
        await tx.run(
            "bounces.mark",
            address_key=same_address(bounce.address),
            address=bounce.address,
            status=bounce.status,
            bounced_at=as_text(bounce.at),
        )
    )


async def restore(tx: Transaction, address: str, now: datetime) -> bool:
    """Let an address take mail again; False when it was not marked."""
    return bool(await tx.run("bounces.restore", address_key=same_address(address), restored_at=as_text(now)))


async def transients(tx: Transaction, address: str, since: datetime) -> int:
    """Return how often an address bounced for a time only since then."""
    row = await tx.row("bounces.transients", address_key=same_address(address), since=as_text(since))
    assert row is not None
    return int(row["number"])


async def marked_among(tx: Transaction, keys: Collection[str]) -> frozenset[str]:
    """Return which of these addresses (as ``same_address`` writes them) take no mail."""
    rows = await tx.rows("bounces.marked_among", keys=json.dumps(sorted(keys)))
    return frozenset(row["address_key"] for row in rows)


async def marked(tx: Transaction, *, page: int = 500) -> AsyncIterator[Sequence[Marked]]:
    """Yield the addresses that take no mail, the longest marked first, a page at a time; for the administrators."""
    after: Key = {"after_at": ("bounced_at", ""), "after_no": ("no", 0)}
    async for rows in paged(tx, "bounces.marked", page=page, after=after):
        yield [Marked(row["address"], row["status"], as_moment(row["bounced_at"])) for row in rows]


async def marked_count(tx: Transaction) -> int:
    """Return how many addresses take no mail; for the administrators' digest."""
    row = await tx.row("bounces.marked_count")
    assert row is not None
    return int(row["number"])
