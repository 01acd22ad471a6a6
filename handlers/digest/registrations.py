"""Registrations that wait on the programme, and whom an agency's newer list leaves out (R8, R11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

from handlers.digest.listing import Listed, Listing, Look, gathered
from handlers.rules.registering import Lateness, lateness
from handlers.rules.wording import told_on
from store import agencies, registrations
from store.registrations import Waiting

_DECIDE = "Decide on each in the portal: approve it, reject it with a reason, or ask for what is missing."
_WAITS_FOR = {"administrator": "", "authorisation": ", for the programme manager"}


async def waiting(how_late: Lateness, look: Look) -> Listed:
    """Return what waits on an administrator or the programme manager, the longest first, each with its age in days (R11)."""
    return await gathered(
        _of(how_late, look),
        lambda one: f"{one.registration_id}, {one.role}, {_waiting(look.days_since(one.since))}{_WAITS_FOR[one.state]}",
    )


async def dropped(look: Look) -> Listed:
    """Return the accounts whose holders a newer list of their agency leaves out (R8)."""
    return await gathered(
        agencies.dropped(look.tx),
        lambda one: f"{one.account_id}, {one.agency}, not on the list of {told_on(one.dropped_on)}",
    )


def _waiting(days: str) -> str:
    return "waiting since today" if days == "today" else f"waiting {days}"


async def _of(how_late: Lateness, look: Look) -> AsyncIterator[Sequence[Waiting]]:
    async for page in registrations.waiting_on_programme(look.tx):
        yield [
            one
            for one in page
            if lateness((look.today - look.policy.local_date(one.since)).days, look.policy) == how_late
        ]


LISTINGS = (
    Listing(10, "Registrations overdue for a decision", _DECIDE, partial(waiting, "overdue")),
    Listing(11, "Registrations late for a decision", _DECIDE, partial(waiting, "late")),
    Listing(12, "Registrations waiting for a decision", _DECIDE, partial(waiting, "in_time")),
    Listing(
        30,
        "Accounts that their agency's list leaves out",
        "Ask the agency; who has left it loses access by your suspension or deactivation only.",
        dropped,
    ),
)
