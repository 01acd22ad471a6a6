"""When daily sweeps ran."""

from __future__ import annotations

from datetime import date

from store.contract import Transaction, as_date


async def last_before(tx: Transaction, sweep: str, today: date) -> date | None:
    """Return the last date before this one for which a sweep ran; None when it never did."""
    row = await tx.row("sweeps.last_before", sweep=sweep, today=today.isoformat())
    return None if row is None else as_date(row["for_date"])
