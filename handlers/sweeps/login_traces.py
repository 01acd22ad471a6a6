"""Failed logins and links that no rule counts any more are forgotten: they hold addresses of strangers too (R36, R37)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from handlers.sweeps.sweep import ChoreSweep
from handlers.work import Programme
from store import logins, resets
from store.contract import Transaction

_PAGE = 500
_KEPT = timedelta(days=7)  # far longer than any window, so that a question about last week can still be answered


async def _failures(tx: Transaction, on: date, programme: Programme) -> int:
    return await logins.forget_before(tx, _before(on, programme), page=_PAGE)


async def _links(tx: Transaction, on: date, programme: Programme) -> int:
    return await resets.forget_before(tx, _before(on, programme), page=_PAGE)


def _before(on: date, programme: Programme) -> datetime:
    return programme.policy.day_begins(on) - _KEPT


SWEEP = ChoreSweep("login_traces", time(3, 40), (_failures, _links))
