"""The help desk's promises: response and resolution of each ticket, one pair a period, and what was told of them (R71)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from messages.ticket import Category
from store.contract import Transaction, as_moment, as_text
from store.paging import Key, paged
from store.tickets import Act, Ticket

What = Literal["response", "resolution"]


@dataclass(frozen=True, slots=True)
class Promise:
    """One target in moments: when most of its time is over (the warning), and when all of it is (missed)."""

    warn_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Speaking:
    """A target that the administrators must hear of: soon missed, or missed."""

    no: int
    number: str
    period: int
    what: What
    category: Category
    due_at: datetime


@dataclass(frozen=True, slots=True)
class PastTarget:
    """A target that is over and not kept, for the administrators' digest."""

    number: str
    category: Category
    what: What
    due_at: datetime


async def begin(tx: Transaction, ticket: Ticket, what: What, promise: Promise, now: datetime) -> None:
    """Let a target of the ticket's present period run."""
    await tx.run(
        "ticket_targets.begin",
        ticket_no=ticket.no,
        period=ticket.period,
        what=what,
        category=ticket.category,
        begun_at=as_text(now),
        due_at=as_text(promise.due_at),
        speaks_at=as_text(promise.warn_at),
    )


async def end(tx: Transaction, ticket: Ticket, act: Act, now: datetime, *, what: What | None = None) -> None:
    """End what runs (one target, or both): kept, or missed when its time was over; a miss that was not told yet still is."""
    await tx.run("ticket_targets.end", ticket_no=ticket.no, what=what or "", ended_at=as_text(now), ended_by=act)


async def take_speaking(tx: Transaction, now: datetime, *, page: int = 500) -> AsyncIterator[Sequence[Speaking]]:
    """Yield, a page at a time, what must be told now; each is taken as it is yielded, so that no other run tells it.

    A target whose warning was slept through is told once, as missed.
    """
    while True:
        rows = await tx.rows("ticket_targets.speaking", now=as_text(now), most=page)
        taken = []
        for row in rows:
            is_missed = row["due_at"] <= as_text(now)
            next_at = None if is_missed else row["due_at"]
            if await tx.run("ticket_targets.spoken", no=row["no"], speaks_at=row["speaks_at"], next_at=next_at):
                due_at = as_moment(row["due_at"])
                taken.append(Speaking(row["no"], row["number"], row["period"], row["what"], row["category"], due_at))
        if taken:
            yield taken
        if len(rows) < page:
            return


async def past(tx: Transaction, now: datetime, *, page: int = 500) -> AsyncIterator[Sequence[PastTarget]]:
    """Yield the targets that are over and not kept, the longest over first, a page at a time."""
    after: Key = {"after_due": ("due_at", ""), "after_no": ("no", 0)}
    async for rows in paged(tx, "ticket_targets.past", page=page, after=after, now=as_text(now)):
        yield [PastTarget(r["number"], r["category"], r["what"], as_moment(r["due_at"])) for r in rows]


async def past_count(tx: Transaction, now: datetime) -> int:
    """Return how many targets are over and not kept."""
    row = await tx.row("ticket_targets.past_count", now=as_text(now))
    assert row is not None
    return int(row["number"])
