"""Holders of a CSP registration who have no account may be reminded that registering is a mandate (R5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import credentials
from store.contract import Transaction
from store.credentials import Unregistered
from store.outbox import Staged


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    if not programme.policy.invite_unregistered:
        return
    long_ago = today - timedelta(days=programme.policy.invitation_days)
    async for page in credentials.unregistered(tx, today):
        due = [one for one in page if one.email and (one.invited_on is None or one.invited_on <= long_ago)]
        await credentials.note_invited(tx, [one.number for one in due], today)
        yield [_invited(one, today) for one in due]


def _invited(one: Unregistered, today: date) -> Staged:
    return Staged(
        "mail",
        "registration.invited",
        one.email,
        {"name": one.name},
        key=f"registration.invited:{one.number}:{today.isoformat()}",
    )


SWEEP = Sweep("unregistered_prescribers", time(6, 30), _notices)
