"""Tickets: problems reported to the help desk, as they stand and with every step that led there (R70–R75)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from messages.ticket import Category, TicketOpened
from store.contract import Conflict, Transaction, as_moment, as_text, moment_or_none, text_or_none

State = Literal["open", "resolved", "closed"]
Act = Literal[
    "answered", "recategorised", "assigned", "escalated", "resolved", "closed", "reopened", "reply_received"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as it stands.

    ``revision`` counts its steps, ``period`` the runs of its targets: a new one begins with each category and each reopening.
    ``answered_at`` is the first answer, ``ended_at`` the resolution or closing, both since it was last (re)opened.
    """

    no: int
    ticket_id: str
    number: str
    category: Category
    state: State
    requester_email: str
    revision: int = 0
    period: int = 1
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    assignee: str | None = None
    escalated_to: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody did to a ticket; ``target`` is whom it went to (assignee, escalation)."""

    act: Act | Literal["opened"]
    actor: str
    at: datetime
    seq: int
    text: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """One step as the history keeps it, with the state and category it led to."""

    step: Step
    state: State
    category: Category


async def insert(tx: Transaction, message: TicketOpened, *, year: int, now: datetime, seq: int) -> Ticket | None:
    """Keep a new ticket under its number, its first step written; None when this ticket was opened before.

    The number is made of the row's own, which the store gives out: no two are equal, and none is guessed (R70).
    """
    row = await tx.row(
        "tickets.insert",
        ticket_id=message.ticket_id,
        category=message.category,
        requester_name=message.requester_name,
        requester_email=message.requester_email,
        subject=message.subject,
        description=message.description,
        opened_at=as_text(now),
        seq=seq,
    )
    if row is None:
        return None
    number = f"T{year}-{row['no']:06d}"
    await tx.run("tickets.number", no=row["no"], number=number)
    ticket = Ticket(row["no"], message.ticket_id, number, message.category, "open", message.requester_email)
    await _record(tx, ticket, Step("opened", message.requester_email, now, seq))
    return ticket


async def one(tx: Transaction, ticket_id: str) -> Ticket | None:
    """Return a ticket, or None."""
    row = await tx.row("tickets.one", ticket_id=ticket_id)
    if row is None:
        return None
    return Ticket(
        row["no"], row["ticket_id"], row["number"], row["category"], row["state"], row["requester_email"], row["revision"],
        row["period"], moment_or_none(row["answered_at"]), moment_or_none(row["ended_at"]), row["assignee"],
        row["escalated_to"],
    )  # fmt: skip


async def move(tx: Transaction, after: Ticket, step: Step) -> Ticket:
    """Write a ticket's next standing together with the step that led there; ``after`` carries the revision it was made of.

    Raises:
        Conflict: another step came in between; decide again on what it left.
    """
    moved = await tx.run(
        "tickets.move",
        no=after.no,
        revision=after.revision,
        category=after.category,
        state=after.state,
        period=after.period,
        answered_at=text_or_none(after.answered_at),
        ended_at=text_or_none(after.ended_at),
        assignee=after.assignee,
        escalated_to=after.escalated_to,
    )
    if not moved:
        raise Conflict("Another step of this ticket came in between.")
    after = replace(after, revision=after.revision + 1)
    await _record(tx, after, step)
    return after


async def history(tx: Transaction, ticket_no: int) -> Sequence[Past]:
    """Return every step of a ticket in its order (R75)."""
    return [
        Past(
            Step(row["act"], row["actor"], as_moment(row["acted_at"]), row["seq"], row["text"], row["target"]),
            row["state"],
            row["category"],
        )
        for row in await tx.rows("tickets.history", ticket_no=ticket_no)
    ]


async def _record(tx: Transaction, ticket: Ticket, step: Step) -> None:
    await tx.run(
        "tickets.record",
        ticket_no=ticket.no,
        revision=ticket.revision,
        act=step.act,
        actor=step.actor,
        state=ticket.state,
        category=ticket.category,
        target=step.target,
        text=step.text,
        acted_at=as_text(step.at),
        seq=step.seq,
    )
