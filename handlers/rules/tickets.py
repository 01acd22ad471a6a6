"""What may be done to a ticket, as data: state × act → next state, or the reason why not (R73–R75).

::

                answered, recategorised, assigned, escalated, reply received
                ┌──┐
                │  ▼     resolved                 closed
    opened ───▶ open ─────────────▶ resolved ─────────────▶ closed
                 ▲                   │  ▲  │ answered          │
                 │                   │  └──┘                   │
                 └───────────────────┘                         │
                 │    reopened, reply received                 │
                 └─────────────────────────────────────────────┘
                      reopened

The two ways back are open for 14 days after the ticket was resolved, or closed if that came later; it keeps number and history
(R75). A reply reopens a resolved ticket only: one that was closed is reopened on purpose, or a new one is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

from handlers.outcomes import Refuse
from handlers.rules.policy import Policy
from store.tickets import Act, State, Ticket

IS_RESOLVED = Refuse("ticket_resolved", "The ticket is resolved; reopen it first (R75).", field="ticket_id")
IS_CLOSED = Refuse("ticket_closed", "The ticket is closed; reopen it, or open a new one (R75).", field="ticket_id")
IS_OPEN = Refuse("ticket_open", "The ticket is open.", field="ticket_id")
NOT_RESOLVED = Refuse("ticket_not_resolved", "A ticket is resolved before it is closed (R74).", field="ticket_id")

_Row = MappingProxyType[Act, State | Refuse]

NEXT: Mapping[State, Mapping[Act, State | Refuse]] = MappingProxyType(
    {
        "open": _Row(
            {
                "answered": "open",
                "recategorised": "open",
                "assigned": "open",
                "escalated": "open",
                "resolved": "resolved",
                "closed": NOT_RESOLVED,
                "reopened": IS_OPEN,
                "reply_received": "open",
            }
        ),
        "resolved": _Row(
            {
                "answered": "resolved",
                "recategorised": IS_RESOLVED,
                "assigned": IS_RESOLVED,
                "escalated": IS_RESOLVED,
                "resolved": IS_RESOLVED,
                "closed": "closed",
                "reopened": "open",
                "reply_received": "open",
            }
        ),
        "closed": _Row(
            {
                "answered": IS_CLOSED,
                "recategorised": IS_CLOSED,
                "assigned": IS_CLOSED,
                "escalated": IS_CLOSED,
                "resolved": IS_CLOSED,
                "closed": IS_CLOSED,
                "reopened": "open",
                "reply_received": IS_CLOSED,
            }
        ),
    }
)


def reopen_until(ended_at: datetime, policy: Policy) -> date:
    """Return the last local day on which a ticket that ended then may be reopened (R75)."""
    return policy.local_date(ended_at) + timedelta(days=policy.ticket_reopen_days)


def next_state(ticket: Ticket, act: Act, today: date, policy: Policy) -> State | Refuse:
    """Return where an act leads a ticket today, or why it may not be done."""
    to = NEXT[ticket.state][act]
    if to == "open" and ticket.ended_at is not None and today > reopen_until(ticket.ended_at, policy):
        return Refuse(
            "reopening_over",
            f"A ticket is reopened within {policy.ticket_reopen_days} days of its end; open a new one (R75).",
            field="ticket_id",
        )
    return to
