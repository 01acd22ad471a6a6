"""Credentials about to lapse are warned of, those that have lapsed suspend the accounts that depend on them (R21)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.rules.standing import CREDENTIALS
from handlers.standing import Scene, keep_with_credentials
from handlers.sweeps.sweep import Sweep
from handlers.work import Leaving, Programme
from store import credentials
from store.contract import Transaction
from store.credentials import Warned
from store.outbox import Staged


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    for days_left in sorted(set(programme.policy.credential_warning_days) - {0}):
        async for warned in credentials.lapsing_on(tx, today + timedelta(days=days_left)):
            yield [
                _expiring(one, today, days_left)
                for one in warned
                if one.kind in programme.roles.named(one.role).credentials
            ]
    # Whatever has lapsed and is not acted on yet: also after days of downtime, and of accounts that were opened since.
    async for lapsed in credentials.lapsed_unnoticed(tx, today):
        leaving = Leaving(None)
        await keep_with_credentials(Scene.of_sweep(tx, today, programme, leaving), lapsed)
        yield leaving.staged


def _expiring(one: Warned, today: date, days_left: int) -> Staged:
    return Staged(
        "mail",
        "credential.expiring",
        one.email,
        {
            "name": one.name,
            "credential": CREDENTIALS[one.kind],
            "expires_on": (today + timedelta(days=days_left)).isoformat(),
            "days_left": days_left,
        },
        key=f"credential.expiring:{one.account_id}:{one.kind}:{today.isoformat()}",
    )


SWEEP = Sweep("credential_expiry", time(0, 15), _notices)
