"""Which registrations wait on the programme, for how long, and who was dropped from an agency's list (R8, R11)."""

from __future__ import annotations

from handlers.digest.listing import Listed, Listing, Look, gathered
from store import agencies, registrations
from store.registrations import Waiting


async def waiting(look: Look) -> Listed:
    """Return the registrations that wait on an administrator or the programme manager, the longest first (R11)."""
    return await gathered(registrations.waiting_on_programme(look.tx), lambda one: _line(one, look))


async def dropped(look: Look) -> Listed:
    """Return the accounts whose holders a newer list of their agency leaves out (R8)."""
    return await gathered(
        agencies.dropped(look.tx),
        lambda one: f"{one.account_id}, left out by {one.agency} on {one.dropped_on.isoformat()}",
    )


def _line(one: Waiting, look: Look) -> str:
    days = (look.today - look.policy.local_date(one.since)).days
    mark = ""
    if days > look.policy.registration_overdue_days:
        mark = "OVERDUE, "
    elif days > look.policy.registration_late_days:
        mark = "late, "
    return f"{mark}{one.registration_id}, {one.role}, waiting {look.days_since(one.since)} on: {one.state}"


LISTINGS = (
    Listing(10, "Registrations waiting on the program", waiting),
    Listing(30, "Left out of their agency's list", dropped),
)
