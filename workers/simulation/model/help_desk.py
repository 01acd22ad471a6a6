"""Tickets and their targets, and reports of conduct, once more and slowly (R25, R64, R70–R75)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from messages.conduct import ConductNoted, ConductOutcomeRecorded, ConductReferred, ConductReported
from messages.message import Message
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
from workers.simulation.model.book import ADMINISTRATORS, ON_CALL, Book
from workers.simulation.model.calendar import after_open_minutes, local_day

BUSINESS_DAY = 9 * 60
RESPONSE = {"critical": 30, "high": 2 * 60, "medium": BUSINESS_DAY, "low": 2 * BUSINESS_DAY}
RESOLUTION = {"critical": 4 * 60, "high": 2 * BUSINESS_DAY, "medium": 10 * BUSINESS_DAY, "low": 30 * BUSINESS_DAY}
"""R71, in help-desk minutes; critical ones run around the clock."""

Step = (
    TicketAnswered | TicketRecategorised | TicketAssigned | TicketEscalated | TicketResolved | TicketClosed
    | TicketReopened | TicketReplyReceived
)  # fmt: skip


@dataclass(slots=True)
class Target:
    """A promise: when it is near, when it is due, and what was said of it."""

    what: str
    category: str
    near_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    is_warned: bool = False
    is_missed: bool = False


@dataclass(slots=True)
class Ticket:
    """A ticket as its requester sees it."""

    email: str
    category: str
    state: str = "open"
    is_answered: bool = False
    ended_at: datetime | None = None
    targets: list[Target] = field(default_factory=list)


@dataclass(slots=True)
class HelpDesk:
    """Tickets by id, cases by id."""

    book: Book
    tickets: dict[str, Ticket] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)

    def opened(self, at: datetime, message: TicketOpened) -> str:
        """R70, R74: the requester and the administrators hear, of a critical one whoever is on call."""
        if message.ticket_id in self.tickets:
            return "refused"
        ticket = self.tickets[message.ticket_id] = Ticket(message.requester_email, message.category)
        self.book.tell(at, "ticket.opened", ticket.email)
        self.book.tell_administrators(at, "ticket.opened_administrators")
        self._begin(at, ticket)
        return "done"

    def step(self, at: datetime, message: Step) -> str:
        """R73–R75: what is done about it."""
        ticket = self.tickets.get(message.ticket_id)
        if ticket is None:
            return "waiting"
        ends: Mapping[type[Message], Callable[[datetime, Ticket], str]] = {
            TicketAnswered: self._answered,
            TicketResolved: self._resolved,
            TicketClosed: self._closed,
        }
        if type(message) in ends:
            return ends[type(message)](at, ticket)
        if isinstance(message, TicketReopened | TicketReplyReceived):
            return self._back(at, ticket, is_reply=isinstance(message, TicketReplyReceived))
        if ticket.state != "open":
            return "refused"
        if isinstance(message, TicketEscalated):
            self.book.tell(at, "ticket.escalated", ticket.email)
        if isinstance(message, TicketRecategorised):
            if ticket.category == message.category:
                return "refused"
            ticket.category = message.category
            self.book.tell(at, "ticket.recategorised", ticket.email)
            self._end(at, ticket)
            self._begin(at, ticket)
        return "done"

    def _answered(self, at: datetime, ticket: Ticket) -> str:
        if ticket.state == "closed":
            return "refused"
        ticket.is_answered = True
        self._end(at, ticket, what="response")
        self.book.tell(at, "ticket.answered", ticket.email)
        return "done"

    def _resolved(self, at: datetime, ticket: Ticket) -> str:
        if ticket.state != "open":
            return "refused"
        ticket.state, ticket.is_answered, ticket.ended_at = "resolved", True, at
        self._end(at, ticket)
        self.book.tell(at, "ticket.resolved", ticket.email)
        return "done"

    def _closed(self, at: datetime, ticket: Ticket) -> str:
        if ticket.state != "resolved":
            return "refused"
        ticket.state, ticket.ended_at = "closed", at
        self.book.tell(at, "ticket.closed", ticket.email)
        return "done"

    def _back(self, at: datetime, ticket: Ticket, *, is_reply: bool) -> str:
        """R75: within 14 days of its end; a reply opens what is resolved, not what is closed."""
        if ticket.state == "open":
            return "done" if is_reply else "refused"
        assert ticket.ended_at is not None
        is_over = local_day(at) > local_day(ticket.ended_at) + timedelta(days=14)
        if is_over or (is_reply and ticket.state == "closed"):
            return "refused"
        ticket.state, ticket.is_answered, ticket.ended_at = "open", False, None
        self.book.tell(at, "ticket.reopened", ticket.email)
        self._begin(at, ticket)
        return "done"

    def _begin(self, at: datetime, ticket: Ticket) -> None:
        kinds = [("resolution", RESOLUTION), *([] if ticket.is_answered else [("response", RESPONSE)])]
        for what, promised in kinds:
            minutes = promised[ticket.category]
            near, due = (_after(at, number, ticket.category) for number in (minutes * 8 // 10, minutes))
            ticket.targets.append(Target(what, ticket.category, near, due))
        if ticket.category == "critical":
            self.book.tell(at, "ticket.critical", ON_CALL)

    def _end(self, at: datetime, ticket: Ticket, *, what: str = "") -> None:
        for target in ticket.targets:
            if target.ended_at is None and what in ("", target.what):
                target.ended_at = at

    def look(self, at: datetime) -> None:
        """R74: near and missed targets are told to the administrators, of critical ones to whoever is on call too."""
        for ticket in self.tickets.values():
            for target in ticket.targets:
                self._speak(at, target)

    def _speak(self, at: datetime, target: Target) -> None:
        until = target.ended_at or at
        if target.is_missed:
            return
        if target.due_at <= until:
            notice, target.is_missed = "ticket.target_missed", True
        elif target.near_at <= at and target.ended_at is None and not target.is_warned:
            notice, target.is_warned = "ticket.target_warning", True
        else:
            return
        for person in (*ADMINISTRATORS, *([ON_CALL] if target.category == "critical" else [])):
            self.book.tell(at, notice, person)

    def reported(self, at: datetime, message: ConductReported) -> str:
        """R25: before every administrator at once."""
        if message.case_id in self.cases:
            return "refused"
        self.cases[message.case_id] = "open"
        self.book.tell_administrators(at, "conduct.reported")
        return "done"

    def raised(self, at: datetime, occasion: str) -> None:
        """R25: what the system itself saw, once a day of one account."""
        if occasion not in self.cases:
            self.cases[occasion] = "open"
            self.book.tell_administrators(at, "conduct.reported")

    def case_step(self, at: datetime, message: ConductReferred | ConductNoted | ConductOutcomeRecorded) -> str:
        """R25, R64: referred, noted, closed with its outcome."""
        state = self.cases.get(message.case_id)
        if state is None:
            return "waiting"
        if isinstance(message, ConductNoted):
            return "done"
        if state == "closed":
            return "refused"
        if isinstance(message, ConductReferred):
            self.cases[message.case_id] = "referred"
            self.book.tell(at, "conduct.referred", message.agency_email)
        else:
            self.cases[message.case_id] = "closed"
        return "done"


def _after(at: datetime, minutes: int, category: str) -> datetime:
    return at + timedelta(minutes=minutes) if category == "critical" else after_open_minutes(at, minutes)
