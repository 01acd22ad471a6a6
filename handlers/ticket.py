"""Ticket: what happens to a problem reported to the help desk, from its number to its end and back (R70–R75).

Each act is one step: the rules say where it leads (handlers/rules/tickets.py), the store keeps it with its history, targets
begin or end, and the requester hears of it (R74). Nothing a person wrote leaves in an e-mail (R27): it is read in the portal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from handlers.outcomes import DONE, Defer, Done, Outcome, Refuse
from handlers.rules.calendar import next_opening
from handlers.rules.help_desk import promise
from handlers.rules.tickets import next_state, reopen_until
from handlers.rules.wording import category_name, told_at
from handlers.work import Work
from messages.ticket import (
    TicketAnswered,
    TicketAssigned,
    TicketClosed,
    TicketEscalated,
    TicketOpened,
    TicketRecategorised,
    TicketReopened,
    TicketReplyReceived,
    TicketResolved,
)
from store import ticket_targets, tickets
from store.tickets import Act, Step, Ticket

UNKNOWN: Final = Defer("ticket_unknown", "No ticket of this id has been opened.")
_TARGET_NAMES: Final = {"vendor": "the system's vendor", "state_bureau": "the state's IT bureau (BEST)"}


async def opened(work: Work[TicketOpened, None]) -> Outcome:
    """The ticket has a number; the requester and the administrators are told (R70, R74).

    Outside help-desk hours the receipt names the next opening. A critical one goes to whoever is on call, at any hour.
    """
    message = work.message
    ticket = await tickets.insert(work.tx, message, year=work.today.year, now=work.now, seq=work.seq)
    if ticket is None:
        return Refuse("ticket_exists", "A ticket of this id is open already.", field="ticket_id")
    due = await _begin_period(work, ticket)
    opening = next_opening(work.now, work.policy)
    facts = {
        "number": ticket.number,
        "category": category_name(ticket.category),
        "opened_at_text": told_at(work.now, work.policy),
    }
    work.notify(
        "ticket.opened",
        message.requester_email,
        facts | ({"next_opening": f"{opening:%A}, {told_at(opening, work.policy)}"} if opening else {}),
        occasion=ticket.number,
    )
    watched = work.programme.watch if ticket.category == "critical" else ()
    for administrator in work.programme.administrators:
        if administrator not in watched:
            respond_by = {"respond_by_text": due["respond_by_text"]}
            work.notify("ticket.opened_administrators", administrator, facts | respond_by, occasion=ticket.number)
    _publish(work, "opened", ticket)
    return Done({"number": ticket.number}, brings=(f"ticket_id:{ticket.ticket_id}",))


async def answered(work: Work[TicketAnswered, None]) -> Outcome:
    """The requester hears that there is an answer; the first one keeps the response target (R73, R74)."""
    ticket = await _led(work, "answered")
    if not isinstance(ticket, Ticket):
        return ticket
    ticket = replace(ticket, answered_at=ticket.answered_at or work.now)
    ticket = await _step(work, ticket, "answered", work.message.actor, text=work.message.answer)
    await ticket_targets.end(work.tx, ticket, "answered", work.now, what="response")
    _notify("ticket.answered", work, ticket)
    return DONE


async def recategorised(work: Work[TicketRecategorised, None]) -> Outcome:
    """The new category's targets run from now, the old one's have ended; the requester is told (R71, R74)."""
    ticket, message = await _led(work, "recategorised"), work.message
    if not isinstance(ticket, Ticket):
        return ticket
    if ticket.category == message.category:
        return Refuse("same_category", "The ticket is in that category already.", field="category")
    previous = ticket.category
    await ticket_targets.end(work.tx, ticket, "recategorised", work.now)
    ticket = replace(ticket, category=message.category, period=ticket.period + 1)
    ticket = await _step(work, ticket, "recategorised", message.actor, text=message.reason)
    names = {"category": category_name(ticket.category), "previous": category_name(previous)}
    _notify("ticket.recategorised", work, ticket, **names)
    await _begin_period(work, ticket)
    return DONE


async def assigned(work: Work[TicketAssigned, None]) -> Outcome:
    """The ticket is in somebody's hands; that is the help desk's own matter, and no answer yet (R73)."""
    ticket, message = await _led(work, "assigned"), work.message
    if not isinstance(ticket, Ticket):
        return ticket
    ticket = replace(ticket, assignee=message.assignee)
    await _step(work, ticket, "assigned", message.actor, target=message.assignee)
    return DONE


async def escalated(work: Work[TicketEscalated, None]) -> Outcome:
    """The escalation stands with target, reason and actor; the requester hears where it went (R73, R74)."""
    ticket, message = await _led(work, "escalated"), work.message
    if not isinstance(ticket, Ticket):
        return ticket
    ticket = replace(ticket, escalated_to=message.target)
    ticket = await _step(work, ticket, "escalated", message.actor, target=message.target, text=message.reason)
    _notify("ticket.escalated", work, ticket, target=_TARGET_NAMES[message.target])
    return DONE


async def resolved(work: Work[TicketResolved, None]) -> Outcome:
    """The targets have ended, a resolution being an answer too; the requester hears until when it may be reopened (R74, R75)."""
    ticket = await _led(work, "resolved")
    if not isinstance(ticket, Ticket):
        return ticket
    ticket = replace(ticket, answered_at=ticket.answered_at or work.now, ended_at=work.now)
    ticket = await _step(work, ticket, "resolved", work.message.actor, text=work.message.resolution)
    await ticket_targets.end(work.tx, ticket, "resolved", work.now)
    _notify("ticket.resolved", work, ticket, reopen_until_on=reopen_until(work.now, work.policy).isoformat())
    return DONE


async def closed(work: Work[TicketClosed, None]) -> Outcome:
    """The ticket is closed; the requester is told (R74)."""
    ticket = await _led(work, "closed")
    if not isinstance(ticket, Ticket):
        return ticket
    ticket = await _step(
        work, replace(ticket, ended_at=work.now), "closed", work.message.actor, text=work.message.reason
    )
    _notify("ticket.closed", work, ticket)
    return DONE


async def reopened(work: Work[TicketReopened, None]) -> Outcome:
    """The ticket goes on under its number, with new targets; the requester is told (R75)."""
    ticket = await _led(work, "reopened")
    if not isinstance(ticket, Ticket):
        return ticket
    await _reopen(work, ticket, "reopened", work.message.actor, work.message.reason)
    return DONE


async def reply_received(work: Work[TicketReplyReceived, None]) -> Outcome:
    """The reply stands in the history; a resolved ticket is open again by it, and the requester is told so (R75)."""
    ticket = await _led(work, "reply_received")
    if not isinstance(ticket, Ticket):
        return ticket
    if ticket.ended_at is not None:
        await _reopen(work, ticket, "reply_received", ticket.requester_email, work.message.reply)
    else:
        await _step(work, ticket, "reply_received", ticket.requester_email, text=work.message.reply)
    return DONE


async def _led(work: Work[Any, None], act: Act) -> Ticket | Refuse | Defer:
    """Return the ticket in the state to which the act leads, nothing written yet."""
    ticket = await tickets.one(work.tx, work.message.ticket_id)
    if ticket is None:
        return UNKNOWN
    to = next_state(ticket, act, work.today, work.policy)
    return to if isinstance(to, Refuse) else replace(ticket, state=to)


async def _step(
    work: Work[Any, None], ticket: Ticket, act: Act, actor: str, *, text: str | None = None, target: str | None = None
) -> Ticket:
    ticket = await tickets.move(work.tx, ticket, Step(act, actor, work.now, work.seq, text, target))
    _publish(work, act, ticket)
    return ticket


async def _reopen(work: Work[Any, None], ticket: Ticket, act: Act, actor: str, text: str) -> None:
    ticket = replace(ticket, period=ticket.period + 1, answered_at=None, ended_at=None)
    ticket = await _step(work, ticket, act, actor, text=text)
    _notify("ticket.reopened", work, ticket, category=category_name(ticket.category))
    await _begin_period(work, ticket)


async def _begin_period(work: Work[Any, None], ticket: Ticket) -> dict[str, str]:
    """Let the category's targets run from now, no response where there was one; call whoever is on call to a critical one.

    Returns:
        until when it is to be answered and resolved, as people read it.
    """
    resolution = promise("resolution", ticket.category, work.now, work.policy)
    await ticket_targets.begin(work.tx, ticket, "resolution", resolution, work.now)
    due = {"resolve_by_text": told_at(resolution.due_at, work.policy)}
    if ticket.answered_at is None:
        response = promise("response", ticket.category, work.now, work.policy)
        await ticket_targets.begin(work.tx, ticket, "response", response, work.now)
        due["respond_by_text"] = told_at(response.due_at, work.policy)
    if ticket.category == "critical":
        facts = {"number": ticket.number, "since_text": told_at(work.now, work.policy), **due}
        for person in work.programme.watch:
            work.notify("ticket.critical", person, facts, occasion=f"{ticket.number}:{ticket.period}")
    return due


def _publish(work: Work[Any, None], act: str, ticket: Ticket) -> None:
    facts = {"ticket_id": ticket.ticket_id, "number": ticket.number, "category": ticket.category, "state": ticket.state}
    work.publish(f"ticket.{act}", facts)


def _notify(notice: str, work: Work[Any, None], ticket: Ticket, **facts: str) -> None:
    """The requester hears of the step that the ticket has just taken (R74)."""
    occasion = f"{ticket.number}:{ticket.revision}"
    work.notify(notice, ticket.requester_email, {"number": ticket.number, **facts}, occasion=occasion)
