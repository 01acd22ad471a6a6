"""What of accounts and credentials administrators see in their daily list (R5, R21, R22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from handlers.rules.standing import CREDENTIALS, day_begins
from handlers.work import Programme
from store import credentials, standing
from store.contract import Transaction

_ROWS_MAX = 200  # an e-mail, not a report; the number of all is told beside it


@dataclass(frozen=True, slots=True)
class Listed:
    """Lines for the daily list, the first 200, and how many there are."""

    rows: tuple[str, ...]
    number: int


async def credentials_lapsed(tx: Transaction, today: date, programme: Programme) -> Listed:
    """Return the accounts that a lapsed credential has suspended since yesterday and that still are (R21)."""
    rows, number = list[str](), 0
    since = day_begins(today - timedelta(days=1), programme.policy)
    async for page in credentials.suspended_since(tx, since):
        number += len(page)
        rows += [f"{one.account_id}, {CREDENTIALS[one.kind]}" for one in page[: _ROWS_MAX - len(rows)]]
    return Listed(tuple(rows), number)


async def eligibility_to_look_at(tx: Transaction, programme: Programme) -> Listed:
    """Return the changes that may end an account's eligibility and wait for an administrator, oldest first (R22)."""
    rows, number = list[str](), 0
    async for page in standing.eligibility_to_look_at(tx):
        number += len(page)
        rows += [
            f"{one.account_id}, {one.why.replace('_', ' ')}, reported on "
            f"{programme.policy.local_date(one.reported_at).isoformat()}"
            for one in page[: _ROWS_MAX - len(rows)]
        ]
    return Listed(tuple(rows), number)


async def unregistered_holders(tx: Transaction, today: date) -> Listed:
    """Return the CSP numbers in force whose holders have no account, by number (R5)."""
    number = await credentials.count_unregistered(tx, today)
    async for page in credentials.unregistered(tx, today, page=_ROWS_MAX):
        return Listed(tuple(f"CSP {one.number}" for one in page), number)
    return Listed((), number)
