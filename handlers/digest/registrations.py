"""Registrations that wait on the programme, and whom an agency's newer list leaves out (R8, R11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

from handlers.digest.listing import Listed, Listing, Look, gathered
from handlers.rules.registering import Lateness, lateness
from store import agencies, registrations
from store.registrations import Waiting

_WAITS_FOR = {"administrator": "", "authorisation": ", for the programme manager"}


async def waiting(how_late: Lateness, look: Look) -> Listed:
    """Return what waits on an administrator or the programme manager, the longest first, each with its age in days (R11)."""
    return await gathered(
        _of(how_late, look),
        lambda one: f"{one.registration_id}, {one.role}, waiting {look.days_since(one.since)}{_WAITS_FOR[one.state]}",
    )


async def dropped(look: Look) -> Listed:
    """Return the accounts whose holders a newer list of their agency leaves out (R8)."""
    return await gathered(
        agencies.dropped(look.tx),
        lambda one: f"{one.account_id}, {one.agency}, not on the list of {one.dropped_on.isoformat()}",
    )


async def _of(how_late: Lateness, look: Look) -> AsyncIterator[Sequence[Waiting]]:
    async for page in registrations.waiting_on_programme(look.tx):
        yield [
            one
            for one in page
            if lateness((look.today - look.policy.local_date(one.since)).days, look.policy) == how_late
        ]


LISTINGS = (
    Listing(10, "Registrations overdue for a decision", partial(waiting, "overdue")),
    Listing(11, "Registrations late for a decision", partial(waiting, "late")),
    Listing(12, "Registrations waiting for a decision", partial(waiting, "in_time")),
    Listing(30, "Accounts that their agency's list leaves out", dropped),
)
