"""Dispensers that stayed overdue, and records in error that nobody corrected: what their e-mails did not mend (R42, R47)."""

from __future__ import annotations

from datetime import timedelta

from handlers.digest.listing import Listed, Listing, Look, gathered
from handlers.overdue import Overdue, listed_to_administrators
from handlers.rules.wording import told_on
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
        lambda one: (
            f"transaction {one.transaction_control} of {one.sender}{f' for {one.dispenser}' if one.dispenser else ''}, "
            f"reported on {told_on(one.reported_on)}: {one.errors} to correct"
        ),
    )


def _overdue(one: Overdue) -> str:
    return f"{one.dispenser}, due on {told_on(one.due_on)}, {one.business_days} business days overdue"


LISTINGS = (
    Listing(
        22,
        "Dispensers that stayed overdue",
        "The e-mails to each of them were in vain: please call. Who need not report is declared exempt or closed in the portal.",
        dispensers_overdue,
    ),
    Listing(
        23,
        "Submissions with records that were not corrected",
        "Their submitters were reminded daily in vain: please call. `pmp submissions list` and `pmp submissions report` show the "
        "faults. Each is listed here for a month.",
        errors_uncorrected,
    ),
)
