"""When daily sweeps ran."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from store.contract import Transaction, as_date

_DAYS_MAX: Final = 366  # what was missed longer ago is told of by what stands now


async def last_before(tx: Transaction, sweep: str, today: date) -> date | None:
    """Return the last date before this one for which a sweep ran; None when it never did."""
    row = await tx.row("sweeps.last_before", sweep=sweep, today=today.isoformat())
    return None if row is None else as_date(row["for_date"])


async def days_to_tell_of(tx: Transaction, sweep: str, today: date) -> Sequence[date]:
    """Return this date and, before it, the dates since the last run: nothing ran on them, and what they missed is made up for."""
    last_on = await last_before(tx, sweep, today)
    missed = 0 if last_on is None else min((today - last_on).days - 1, _DAYS_MAX)
    return [today - timedelta(days=ago) for ago in range(missed, -1, -1)]
