"""What of accounts and credentials administrators look at: lapses, changes that may end eligibility, who must register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from handlers.digest.listing import Listing, begins_at, days_since
from handlers.rules.standing import CREDENTIALS
from handlers.work import Programme
from store import credentials, standing
from store.contract import Transaction


async def _eligibility(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    return [
        f"{one.account_id}: {one.why.replace('_', ' ')}, reported {days_since(one.reported_at, today, programme.policy)}"
        async for page in standing.eligibility_to_look_at(tx)
        for one in page
    ]


async def _lapsed(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    since = begins_at(today - timedelta(days=1), programme.policy)
    return [
        f"{one.account_id}: {CREDENTIALS[one.kind]}"
        async for page in credentials.suspended_since(tx, since)
        for one in page
    ]


async def _unregistered(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:  # noqa: ARG001 - a listing's signature
    return [one.number async for page in credentials.unregistered(tx, today) for one in page]


LISTINGS = (
    Listing(40, "Accounts whose eligibility is in question", _eligibility),
    Listing(41, "Accounts suspended by a lapsed credential since yesterday", _lapsed),
    Listing(42, "CSP registrations whose holders have no account", _unregistered),
)
