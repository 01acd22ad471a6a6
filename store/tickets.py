"""Tickets: problems reported to the help desk."""

from __future__ import annotations

from datetime import datetime

from messages.ticket import TicketOpened
from store.contract import Transaction, as_text


async def insert(tx: Transaction, message: TicketOpened, *, year: int, now: datetime, seq: int) -> str | None:
    """Keep a new ticket and return its number; None when this ticket is open already."""
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
    return number
