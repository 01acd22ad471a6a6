"""Ticket: a problem reported to the help desk gets a number (R70, R74)."""

from __future__ import annotations

from handlers.outcomes import Done, Outcome, Refuse
from handlers.rules.calendar import next_opening
from handlers.work import Work
from messages.ticket import TicketOpened
from store import tickets


async def opened(work: Work[TicketOpened, None]) -> Outcome:
    """The ticket has a number; the requester and the administrators are told, without its text (R27, R74).

    Outside help-desk hours the receipt names the next opening.
    """
    message = work.message
    number = await tickets.insert(work.tx, message, year=work.today.year, now=work.now, seq=work.seq)
    if number is None:
        return Refuse("ticket_exists", "A ticket of this id is open already.", field="ticket_id")
    opened_at = work.now.astimezone(work.policy.zone).strftime("%Y-%m-%d %H:%M %Z")
    opening = next_opening(work.now, work.policy)
    facts = {"number": number, "category": message.category, "opened_at_text": opened_at}
    work.notify(
        "ticket.opened",
        message.requester_email,
        facts | ({"next_opening": opening.strftime("%A, %B %-d, %Y, %H:%M %Z")} if opening else {}),
        occasion=number,
    )
    for administrator in work.programme.administrators:
        work.notify("ticket.opened_administrators", administrator, facts, occasion=number)
    work.publish("ticket.opened", {"ticket_id": message.ticket_id, "number": number, "category": message.category})
    return Done({"number": number})
