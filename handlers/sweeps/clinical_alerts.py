"""Prescribers are told that clinical alerts were raised: one e-mail a day each, naming nobody (R29, R27)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import alerts, reviews, sweeps
from store.contract import Transaction
from store.outbox import Staged
from store.reviews import Prescriber

NAME = "clinical_alerts"
_TOLD_LATE = timedelta(days=7)  # a longer downtime is past; the alerts still stand in the system


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    """Yield one e-mail to each prescriber with alerts noticed since the last.

    Its key holds the newest day of noticing: after a day without a sweep the next one tells, and none tells twice. It counts
    what was noticed since the last sweep.
    """
    window = timedelta(days=programme.policy.alert_window_days)
    last_on = await sweeps.last_before(tx, NAME, today) or today - timedelta(days=1)
    noticed: dict[str, dict[date, int]] = defaultdict(dict)
    async for page in alerts.noticed(tx, from_on=today - _TOLD_LATE, today=today, raised_from=today - window):
        for one in page:
            noticed[one.prescriber][one.noticed_on] = one.alerts
    if not noticed:
        return
    async for prescribers in reviews.prescribers(tx):
        told = []
        for prescriber in prescribers:
            mine = [noticed[number] for number in prescriber.numbers if number in noticed]
            if mine:
                newest = max(day for days in mine for day in days)
                since = min(last_on, newest)
                count = sum(number for days in mine for day, number in days.items() if day >= since)
                told.append(_digest(prescriber, newest, count))
        yield told


def _digest(prescriber: Prescriber, noticed_on: date, count: int) -> Staged:
    return Staged(
        "mail",
        "review.alert_digest",
        prescriber.email,
        {"name": prescriber.name, "alert_count": count},
        key=f"review.alert_digest:{prescriber.account_id}:{noticed_on.isoformat()}",
    )


SWEEP = Sweep(NAME, time(6, 30), _notices)
