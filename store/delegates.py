"""Delegates' links: who may act for whom (R7, R23)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from store.contract import Row, Transaction, as_moment, as_text
from store.paging import paged


@dataclass(frozen=True, slots=True)
class SupervisorLink:
    """A supervisor whom a delegate named, and how the link stands; it rests while the supervisor is not active."""

    supervisor_id: str
    state: Literal["asked", "approved", "refused", "ended"]
    is_supervisor_active: bool
    email: str
    name: str

    @property
    def is_open(self) -> bool:
        """Whether the supervisor may still approve, or has."""
        return self.is_supervisor_active and self.state in ("asked", "approved")


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A delegate on a supervisor's roster."""

    account_id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Roster:
    """A supervisor's roster: how many delegates, and since when nobody confirmed it (R23)."""

    supervisor_id: str
    email: str
    name: str
    delegates: int
    since: datetime


async def ask(tx: Transaction, delegate_id: str, supervisor_id: str, *, now: datetime) -> bool:
    """Ask a supervisor for a link; False when it is asked for or approved already."""
    return (
        await tx.run("delegates.ask", delegate_id=delegate_id, supervisor_id=supervisor_id, asked_at=as_text(now)) == 1
    )


async def decide(
    tx: Transaction,
    delegate_id: str,
    supervisor_id: str,
    state: Literal["approved", "refused"],
    *,
    now: datetime,
    reason: str | None = None,
) -> bool:
    """Write a supervisor's decision; False when nothing was asked, or it is decided already."""
    return (
        await tx.run(
            "delegates.decide",
            delegate_id=delegate_id,
            supervisor_id=supervisor_id,
            state=state,
            decided_at=as_text(now),
            reason=reason,
        )
        == 1
    )


async def linked_since(tx: Transaction, delegate_id: str, supervisor_id: str) -> datetime | None:
    """Return when the link was approved by which a delegate may act for a supervisor now, or None.

    It is none while the link is not approved, or either account is suspended or closed.
    """
    row = await tx.row("delegates.may_act", delegate_id=delegate_id, supervisor_id=supervisor_id)
    return None if row is None else as_moment(row["decided_at"])


async def may_act(tx: Transaction, delegate_id: str, supervisor_id: str) -> bool:
    """Tell whether a delegate may act for a supervisor now."""
    return await linked_since(tx, delegate_id, supervisor_id) is not None


async def links(tx: Transaction, delegate_id: str) -> Sequence[SupervisorLink]:
    """Return every supervisor whom a delegate named; at most as many as a form and later requests name."""
    return [
        SupervisorLink(
            row["supervisor_id"], row["state"], row["account_state"] == "active", row["email"], _name(row)
        )
        for row in await tx.rows("delegates.links", delegate_id=delegate_id)
    ]  # fmt: skip


async def end(tx: Transaction, delegate_id: str, supervisor_id: str, *, now: datetime, reason: str | None) -> bool:
    """End a link at once; False when there was none to end (R23)."""
    return (
        await tx.run(
            "delegates.end", delegate_id=delegate_id, supervisor_id=supervisor_id, ended_at=as_text(now), reason=reason
        )
        == 1
    )


async def end_all(tx: Transaction, delegate_id: str, *, now: datetime) -> None:
    """End every link of a registration that came to nothing."""
    await tx.run("delegates.end_all", delegate_id=delegate_id, ended_at=as_text(now))


async def roster(tx: Transaction, supervisor_id: str, *, page: int = 500) -> AsyncIterator[Sequence[RosterEntry]]:
    """Yield the delegates who may act for a supervisor (R23)."""
    after = {"after_id": ("account_id", "")}
    async for rows in paged(tx, "delegates.roster", page=page, after=after, supervisor_id=supervisor_id):
        yield [RosterEntry(row["account_id"], row["email"], _name(row)) for row in rows]


async def confirm(tx: Transaction, supervisor_id: str, *, now: datetime) -> None:
    """Write that a supervisor confirmed the roster."""
    await tx.run("delegates.confirm", supervisor_id=supervisor_id, confirmed_at=as_text(now))


async def rosters_unconfirmed(tx: Transaction, *, before: datetime, page: int = 500) -> AsyncIterator[Sequence[Roster]]:
    """Yield rosters of active supervisors that nobody confirmed since before a moment (R23)."""
    after = {"after_id": ("account_id", "")}
    async for rows in paged(tx, "delegates.rosters_unconfirmed", page=page, after=after, before=as_text(before)):
        yield [Roster(r["account_id"], r["email"], _name(r), r["delegates"], as_moment(r["since"])) for r in rows]


def _name(row: Row) -> str:
    return f"{row['first_name']} {row['last_name']}"
