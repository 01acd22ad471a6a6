"""Ticket: a problem reported to the help desk (R70–R75)."""

from __future__ import annotations

from typing import Literal

from messages.message import Email, Line, Message, Prose, Reference, ShortLine

Category = Literal["critical", "high", "medium", "low"]


class TicketOpened(Message):
    """Someone reported a problem; it gets a number (R70, R74).

    ``subject`` and ``description`` may hold anything a person writes, so they are stored and never e-mailed.
    """

    ticket_id: Reference
    category: Category
    requester_name: ShortLine
    requester_email: Email
    subject: Line
    description: Prose
