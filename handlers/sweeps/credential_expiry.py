"""Credentials about to lapse are warned of, those that have lapsed suspend the accounts that depend on them (R21)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.rules.standing import CREDENTIALS
from handlers.standing import Scene, keep_with_credentials
from handlers.sweeps.sweep import Sweep
from handlers.work import Leaving, Programme
from store import credentials, sweeps
from store.contract import Transaction
from store.credentials import Warned
from store.outbox import Staged

NAME = "credential_expiry"


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    for lapses_on in await _warned_of(tx, today, programme):
        async for warned in credentials.lapsing_on(tx, lapses_on):
            yield [
                _expiring(one, today, lapses_on)
                for one in warned
                if one.kind in programme.roles.named(one.role).credentials
            ]
    # Whatever has lapsed and is not acted on yet: also after days of downtime, and of accounts that were opened since.
    async for lapsed in credentials.lapsed_unnoticed(tx, today):
        leaving = Leaving(None)
        await keep_with_credentials(Scene.of_sweep(tx, today, programme, leaving), lapsed)
        yield leaving.staged


async def _warned_of(tx: Transaction, today: date, programme: Programme) -> Sequence[date]:
    """Return the dates of lapse that are warned of today, those too whose warning fell on a day on which nothing ran."""
    days = await sweeps.days_to_tell_of(tx, NAME, today)
    dates = {day + timedelta(days=left) for day in days for left in programme.policy.credential_warning_days}
    return sorted(lapses_on for lapses_on in dates if lapses_on > today)


def _expiring(one: Warned, today: date, lapses_on: date) -> Staged:
    return Staged(
        "mail",
        "credential.expiring",
        one.email,
        {
            "name": one.name,
            "credential": CREDENTIALS[one.kind],
            "expires_on": lapses_on.isoformat(),
            "days_left": (lapses_on - today).days,
        },
        key=f"credential.expiring:{one.account_id}:{one.kind}:{today.isoformat()}",
    )


SWEEP = Sweep(NAME, time(0, 15), _notices)
