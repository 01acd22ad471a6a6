"""Passwords about to expire are warned of daily, expired ones told once (R33, R35)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.reminders import password_expiring
from handlers.rules.passwords import warning_window
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import accounts
from store.accounts import ExpiringPassword
from store.contract import Transaction
from store.outbox import Staged

_TOLD_LATE = timedelta(days=30)  # a longer downtime is past, and looking further back only costs


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    first, last = warning_window(today, programme.policy)
    async for page in accounts.passwords_expiring(tx, expires_from=first, expires_to=last):
        yield [password_expiring(one.account_id, one.email, one.name, one.expires_on, today=today) for one in page]
    # R35: told once. The key holds the expiration, so a day of downtime does not swallow the notice and no day repeats it.
    async for page in accounts.passwords_expiring(tx, expires_from=today - _TOLD_LATE, expires_to=today):
        yield [_expired(one) for one in page]


def _expired(one: ExpiringPassword) -> Staged:
    return Staged(
        "mail",
        "account.password_expired",
        one.email,
        {"name": one.name, "expired_on": one.expires_on.isoformat()},
        key=f"account.password_expired:{one.account_id}:{one.expires_on.isoformat()}",
    )


SWEEP = Sweep("password_expiry", time(6, 0), _notices)
