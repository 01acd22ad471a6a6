"""Messages to the help desk and about conduct, made up; one of each act."""

from __future__ import annotations

from messages.conduct import ConductNoted, ConductOutcomeRecorded, ConductReferred, ConductReported
from messages.message import Message
from messages.ticket import (
    Category,
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
from store import conduct, tickets

SECRET = "Patient Jordan Sample, born 1980-01-01"
"""What a person might write although nobody should; it leaves in no e-mail."""
STAFF = "support@example.org"


def opened(name: str = "T-1", category: Category = "high") -> TicketOpened:
    """A problem is reported."""
    return TicketOpened(
        ticket_id=name, category=category, requester_name="Bo Lee", requester_email="bo@example.org",
        subject=SECRET, description=f"It does not open.\n{SECRET}",
    )  # fmt: skip


def recategorised(category: Category, name: str = "T-1") -> TicketRecategorised:
    """It is moved to another category."""
    return TicketRecategorised(ticket_id=name, actor=STAFF, category=category, reason=SECRET)


def ticket_acts(name: str = "T-1", *, category: Category = "low") -> dict[tickets.Act, Message]:
    """One message of each act."""
    return {
        "answered": TicketAnswered(ticket_id=name, actor=STAFF, answer=SECRET),
        "recategorised": recategorised(category, name),
        "assigned": TicketAssigned(ticket_id=name, actor=STAFF, assignee="ana@example.org"),
        "escalated": TicketEscalated(ticket_id=name, actor=STAFF, target="vendor", reason=SECRET),
        "resolved": TicketResolved(ticket_id=name, actor=STAFF, resolution=SECRET),
        "closed": TicketClosed(ticket_id=name, actor=STAFF, reason=SECRET),
        "reopened": TicketReopened(ticket_id=name, actor=STAFF, reason=SECRET),
        "reply_received": TicketReplyReceived(ticket_id=name, reply=SECRET),
    }


def reported(name: str = "C-1") -> ConductReported:
    """Conduct is reported."""
    return ConductReported(
        case_id=name, what="suspected_misuse", text=SECRET, reporter_name="Bo Lee", reporter_email="bo@example.org",
        account_id="REG-1",
    )  # fmt: skip


def conduct_acts(name: str = "C-1") -> dict[conduct.Act, Message]:
    """One message of each act."""
    return {
        "referred": ConductReferred(
            case_id=name, actor="a@example.org", agency="Sample Board", agency_email="board@example.org", reason=SECRET
        ),
        "noted": ConductNoted(case_id=name, actor="a@example.org", note=SECRET),
        "outcome_recorded": ConductOutcomeRecorded(
            case_id=name, actor="a@example.org", outcome="unfounded", text=SECRET
        ),
    }
