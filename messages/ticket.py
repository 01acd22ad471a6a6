"""Ticket: a problem reported to the help desk, and what is done about it (R70–R75).

Whatever people write here (subject, description, answers, reasons) may hold anything, a patient's data too: it is stored, shown
in the portal, and never e-mailed (R27). ``actor`` is who did it; a requester's own words have no actor.
"""

from __future__ import annotations

from typing import Literal

from messages.message import Email, Line, Message, Prose, Reference, ShortLine

Category = Literal["critical", "high", "medium", "low"]
EscalationTarget = Literal["vendor", "state_bureau"]


class TicketOpened(Message):
    """Someone reported a problem; it gets a number (R70, R74)."""

    ticket_id: Reference
    category: Category
    requester_name: ShortLine
    requester_email: Email
    subject: Line
    description: Prose


class TicketAnswered(Message):
    """Support staff answered the requester (R73)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    actor: Email
    answer: Prose


class TicketRecategorised(Message):
    """The problem proved to be more or less urgent than it seemed; its targets begin anew (R71)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    actor: Email
    category: Category
    reason: Prose


class TicketAssigned(Message):
    """Someone took the ticket, or gave it to a colleague (R73)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    actor: Email
    assignee: Email


class TicketEscalated(Message):
    """An administrator passed the problem on to the vendor or to the state's IT bureau, BEST (R73)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    actor: Email
    target: EscalationTarget
    reason: Prose


class TicketResolved(Message):
    """The problem is solved; the requester may say that it is not (R74, R75)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    actor: Email
    resolution: Prose


class TicketClosed(Message):
    """A resolved ticket is closed (R74)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    actor: Email
    reason: Prose | None = None


class TicketReopened(Message):
    """The problem is back: the ticket goes on under its number, with its history, within 14 days (R75)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    actor: Email
    reason: Prose


class TicketReplyReceived(Message):
    """The requester wrote again; a resolved ticket is open then (R75)."""

    builds_on = "ticket_id"

    ticket_id: Reference
    reply: Prose
