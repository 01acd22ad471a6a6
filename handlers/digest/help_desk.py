"""Tickets past their target and cases of conduct without an outcome (R25, R74)."""

from __future__ import annotations

from handlers.digest.listing import Listed, Listing, Look, gathered
from handlers.rules.wording import told_on
from store import conduct, ticket_targets


async def tickets_past_target(look: Look) -> Listed:
    """Return the targets that were over when the day began and are not kept, the longest over first (R74)."""
    pages = ticket_targets.past(look.tx, look.policy.day_begins(look.today))
    return await gathered(
        pages,
        lambda one: (
            f"{one.number}, {one.category}: {one.what} was due on {told_on(look.policy.local_date(one.due_at))}"
        ),
    )


async def conduct_open(look: Look) -> Listed:
    """Return the cases of conduct without an outcome, the oldest first (R25)."""
    return await gathered(
        conduct.unclosed(look.tx),
        lambda one: f"{one.reference}, {one.state}, reported {look.ago(one.reported_at)}",
    )


LISTINGS = (
    Listing(
        20,
        "Cases of conduct without an outcome",
        "Read each in the portal; refer it, or record its outcome, which closes it.",
        conduct_open,
    ),
    Listing(
        70,
        "Tickets past their target",
        "Have each answered or resolved; one that support cannot settle is escalated to the vendor or to BEST.",
        tickets_past_target,
    ),
)
