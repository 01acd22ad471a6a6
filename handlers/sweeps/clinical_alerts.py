"""Prescribers are told that clinical alerts were raised: one e-mail a day each, naming nobody (R29, R27)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import alerts, reviews
from store.contract import Transaction
from store.outbox import Staged
from store.reviews import Holder

_TOLD_LATE = timedelta(days=7)  # a longer downtime is past; the alerts still stand in the system
_MAILS_AT_ONCE = 1000


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    """Yield one e-mail to each prescriber with alerts noticed since the last.

    Its key holds the newest day of noticing: after a day without a sweep the next one tells, and none tells twice.
    """
    window = timedelta(days=programme.policy.alert_window_days)
    newest: dict[Holder, tuple[date, int]] = {}
    async for page in alerts.noticed(tx, from_on=today - _TOLD_LATE, today=today, raised_from=today - window):
        holders = await reviews.accounts_by_number(tx, {one.prescriber for one in page})
        for one in page:
            holder = holders.get(one.prescriber)
            if holder is None:
                continue
            noticed_on, count = newest.get(holder, (date.min, 0))
            if one.noticed_on > noticed_on:
                newest[holder] = (one.noticed_on, one.alerts)
            elif one.noticed_on == noticed_on:
                newest[holder] = (noticed_on, count + one.alerts)
    told = [_digest(holder, noticed_on, count) for holder, (noticed_on, count) in newest.items()]
    for start in range(0, len(told), _MAILS_AT_ONCE):
        yield told[start : start + _MAILS_AT_ONCE]


def _digest(holder: Holder, noticed_on: date, count: int) -> Staged:
    return Staged(
        "mail",
        "review.alert_digest",
        holder.email,
        {"name": holder.name, "alert_count": count},
        key=f"review.alert_digest:{holder.account_id}:{noticed_on.isoformat()}",
    )


SWEEP = Sweep("clinical_alerts", time(6, 30), _notices)
