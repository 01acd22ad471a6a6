"""Why accounts are suspended, and the history of their access (R20–R23)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from store.contract import Row, Transaction, as_moment, as_text
from store.paging import paged

Cause = Literal["administrator", "credential:csp", "credential:dea", "credential:license"]
_NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Suspension:
    """A temporary suspension whose day has come."""

    account_id: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an account: who did what, when and why."""

    what: str
    ground: str
    actor: str
    reason: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class LinkedDelegate:
    """A delegate whose link to a supervisor rests."""

    account_id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class EligibilityReport:
    """A change that may end an account's eligibility."""

    account_id: str
    why: str
    reported_at: datetime


async def begin(tx: Transaction, account_id: str, cause: Cause, *, until_on: date | None, now: datetime) -> None:
    """Open a suspension; one that is open for the same cause gets the new end."""
    await tx.run(
        "standing.begin",
        account_id=account_id,
        cause=cause,
        until_on=until_on.isoformat() if until_on else None,
        since_at=as_text(now),
    )


async def end(tx: Transaction, account_id: str, cause: Cause, *, now: datetime) -> bool:
    """Close the suspension for this cause; False when none is open."""
    return await tx.run("standing.end", account_id=account_id, cause=cause, ended_at=as_text(now)) == 1


async def causes(tx: Transaction, account_id: str) -> list[Cause]:
    """Return why an account is suspended now; empty when nothing suspends it."""
    return [row["cause"] for row in await tx.rows("standing.causes", account_id=account_id)]


async def over(tx: Transaction, today: date, *, page: int = 500) -> AsyncIterator[Sequence[Suspension]]:
    """Yield temporary suspensions that end today or before; whoever takes a page must end every suspension on it."""
    while rows := await tx.rows("standing.over", today=today.isoformat(), most=page):
        yield [Suspension(row["account_id"], row["cause"]) for row in rows]


async def record(tx: Transaction, account_id: str, change: Change) -> None:
    """Add to the account's history (R20)."""
    await tx.run(
        "standing.record",
        account_id=account_id,
        what=change.what,
        ground=change.ground,
        actor=change.actor,
        reason=change.reason,
        changed_at=as_text(change.changed_at),
    )


async def history(tx: Transaction, account_id: str, *, page: int = 500) -> AsyncIterator[Sequence[Change]]:
    """Yield an account's history, newest first, a page at a time."""
    before = {"before_no": ("no", _NEWEST)}
    async for rows in paged(tx, "standing.history", page=page, after=before, account_id=account_id):
        yield [
            Change(row["what"], row["ground"], row["actor"], row["reason"], as_moment(row["changed_at"]))
            for row in rows
        ]


async def linked_delegates(
    tx: Transaction, supervisor_id: str, *, page: int = 500
) -> AsyncIterator[Sequence[LinkedDelegate]]:
    """Yield the active delegates with an approved link to a supervisor, whose account is not looked at (R23)."""
    after = {"after_no": ("no", 0)}
    async for rows in paged(tx, "standing.linked_delegates", page=page, after=after, supervisor_id=supervisor_id):
        yield [
            LinkedDelegate(row["account_id"], row["email"], f"{row['first_name']} {row['last_name']}") for row in rows
        ]


async def report_eligibility(tx: Transaction, account_id: str, why: str, now: datetime) -> None:
    """Put a change before administrators (R22)."""
    await tx.run("standing.report_eligibility", account_id=account_id, why=why, reported_at=as_text(now))


async def decide_eligibility(
    tx: Transaction, account_id: str, state: Literal["kept", "closed"], *, by: str, now: datetime
) -> bool:
    """Take an account off that list; False when it does not stand there."""
    changed = await tx.run(
        "standing.decide_eligibility", account_id=account_id, state=state, decided_by=by, decided_at=as_text(now)
    )
    return changed == 1


async def eligibility_to_look_at(tx: Transaction, *, page: int = 500) -> AsyncIterator[Sequence[EligibilityReport]]:
    """Yield what administrators must look at, oldest first (R22)."""
    async for rows in paged(tx, "standing.eligibility_to_look_at", page=page, after={"after_no": ("no", 0)}):
        yield [_report(row) for row in rows]


def _report(row: Row) -> EligibilityReport:
    return EligibilityReport(row["account_id"], row["why"], as_moment(row["reported_at"]))
