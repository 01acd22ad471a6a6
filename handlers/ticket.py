"""Ticket: a problem reported to the help desk gets a number (R70, R74)."""

from __future__ import annotations

from handlers.outcomes import Done, Outcome, Refuse
from handlers.work import Work
from messages.ticket import TicketOpened
from store import tickets


async def opened(work: Work[TicketOpened, None]) -> Outcome:
    """The ticket has a number; the requester and the administrators are told, without its text (R27, R74)."""
    message = work.message
    number = await tickets.insert(work.tx, message, year=work.today.year, now=work.now, seq=work.seq)
    if number is None:
        return Refuse("ticket_exists", "A ticket of this id is open already.", field="ticket_id")
    opened_at = work.now.astimezone(work.policy.zone).strftime("%Y-%m-%d %H:%M %Z")
    facts = {"number": number, "category": message.category, "opened_at_text": opened_at}
    work.notify(
        "ticket.opened",
        message.requester_email,
        facts,
        occasion=number,
    )
    for administrator in work.programme.administrators:
        work.notify("ticket.opened_administrators", administrator, facts, occasion=number)
    work.publish("ticket.opened", {"ticket_id": message.ticket_id, "number": number, "category": message.category})
    return Done({"number": number})
