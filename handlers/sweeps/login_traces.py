"""Failed logins and links that no rule counts any more are forgotten: they hold addresses of strangers too (R36, R37)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.rules.standing import day_begins
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import logins, resets
from store.contract import Transaction
from store.outbox import Staged

_KEPT = timedelta(days=7)  # far longer than any window, so that a question about last week can still be answered


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    before = day_begins(today, programme.policy) - _KEPT
    await logins.forget_before(tx, before)
    await resets.forget_before(tx, before)
    yield []


SWEEP = Sweep("login_traces", time(3, 30), _notices)
