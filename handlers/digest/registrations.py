"""Registrations that wait on the programme, and whom an agency's newer list leaves out (R8, R11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from handlers.digest.listing import Listing, days_since
from handlers.rules.registering import Lateness, lateness
from handlers.work import Programme
from store import agencies, registrations
from store.contract import Transaction

_WAITS_FOR = {"administrator": "", "authorisation": ", for the programme manager"}


async def _waiting(tx: Transaction, today: date, programme: Programme, how_late: Lateness) -> Sequence[str]:
    """Return what waits, the longest first: each with its age in days."""
    rows = []
    async for page in registrations.waiting_on_programme(tx):
        for one in page:
            days = (today - programme.policy.local_date(one.since)).days
            if lateness(days, programme.policy) == how_late:
                age = days_since(one.since, today, programme.policy)
                rows.append(f"{one.registration_id}, {one.role}, waiting {age}{_WAITS_FOR[one.state]}")
    return rows


async def _overdue(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    return await _waiting(tx, today, programme, "overdue")


async def _late(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    return await _waiting(tx, today, programme, "late")


async def _in_time(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    return await _waiting(tx, today, programme, "in_time")


async def _dropped(tx: Transaction, _: date, __: Programme) -> Sequence[str]:
    return [
        f"{one.account_id}, {one.agency}, not on the list of {one.dropped_on.isoformat()}"
        async for page in agencies.dropped(tx)
        for one in page
    ]


LISTINGS = (
    Listing(10, "Registrations overdue for a decision", _overdue),
    Listing(11, "Registrations late for a decision", _late),
    Listing(12, "Registrations waiting for a decision", _in_time),
    Listing(30, "Accounts that their agency's list leaves out", _dropped),
)
