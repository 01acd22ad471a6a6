"""Tickets past their target and cases of conduct without an outcome (R25, R74)."""

from __future__ import annotations

from handlers.digest.listing import Listed, Listing, Look, gathered
from store import conduct, ticket_targets


async def tickets_past_target(look: Look) -> Listed:
    """Return the targets that were over when the day began and are not kept, the longest over first (R74)."""
    pages = ticket_targets.past(look.tx, look.policy.day_begins(look.today))
    return await gathered(
        pages,
        lambda one: (
            f"{one.number}, {one.category}: {one.what} was due {look.policy.local_date(one.due_at).isoformat()}"
        ),
    )


async def conduct_open(look: Look) -> Listed:
    """Return the cases of conduct without an outcome, the oldest first (R25)."""
    return await gathered(
        conduct.unclosed(look.tx), lambda one: f"{one.reference}, {one.state}, {look.days_since(one.reported_at)}"
    )


LISTINGS = (
    Listing(20, "Cases of conduct without an outcome", conduct_open),
    Listing(70, "Tickets past their target", tickets_past_target),
)
