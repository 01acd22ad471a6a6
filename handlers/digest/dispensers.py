"""Dispensers that stayed overdue, and records in error that nobody corrected: what their e-mails did not mend (R42, R47)."""

from __future__ import annotations

from datetime import timedelta

from handlers.digest.listing import Listed, Listing, Look, gathered
from handlers.overdue import Overdue, listed_to_administrators
from store import submissions

_LISTED_DAYS = 30  # older errors are no news; `pmp submissions list` shows them


async def dispensers_overdue(look: Look) -> Listed:
    """Return who has reported nothing since the last e-mail about it (R42)."""
    return await gathered(listed_to_administrators(look.tx, look.today, look.policy), _overdue)


async def errors_uncorrected(look: Look) -> Listed:
    """Return submissions whose records in error were reminded of in vain (R47)."""
    last = look.today - timedelta(days=look.policy.error_reminder_days + 1)
    pages = submissions.uncorrected(look.tx, reported_from=last - timedelta(days=_LISTED_DAYS), reported_to=last)
    return await gathered(
        pages,
        lambda one: f"submission of {one.sender}, reported on {one.reported_on}: {one.errors} to correct",
    )


def _overdue(one: Overdue) -> str:
    return f"{one.dispenser}, due on {one.due_on}, {one.business_days} business days"


LISTINGS = (
    Listing(22, "Dispensers that stayed overdue", dispensers_overdue),
    Listing(23, "Submissions with records that were not corrected", errors_uncorrected),
)
