"""Who has not reported although told three times, and whose errors stand uncorrected after a week (R42, R47)."""

from __future__ import annotations

from datetime import date, timedelta

from handlers.digest.listing import Listed, Listing, Look, gathered
from handlers.overdue import listed_to_administrators
from handlers.reporting import label
from store import submissions

_EVER = date.min


async def dispensers_overdue(look: Look) -> Listed:
    """Return the dispensers that are overdue beyond the last notice to themselves (R42)."""
    return await gathered(
        listed_to_administrators(look.tx, look.today, look.policy),
        lambda one: (
            f"{label(one.dea, one.ncpdp, one.npi)}, due {one.due_on.isoformat()}, {one.business_days} business days"
        ),
    )


async def errors_uncorrected(look: Look) -> Listed:
    """Return the submissions with records in error of which nobody is reminded any more (R47)."""
    upto = look.today - timedelta(days=look.policy.error_reminder_days + 1)
    return await gathered(
        submissions.uncorrected(look.tx, reported_from=_EVER, reported_to=upto),
        lambda one: (
            f"transaction {one.transaction_control} of {one.sender}, {one.errors} records, reported "
            f"{one.reported_on.isoformat()}"
        ),
    )


LISTINGS = (
    Listing(32, "Dispensers overdue in spite of every notice", dispensers_overdue),
    Listing(33, "Records in error, not corrected for a week", errors_uncorrected),
)
