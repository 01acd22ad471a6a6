"""Alerts that users posted, queries that were refused, reviews that were missed: who and why, never a patient (R24, R28, R51)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from handlers.digest.listing import Listing, begins_at
from handlers.work import Programme
from store import alerts, reviews, treatments
from store.contract import Transaction

_DAY = timedelta(days=1)
_MISSED_DAYS = 30


async def _alerts(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    """Return the alerts that were posted yesterday and stand."""
    from_at, to_at = (begins_at(day, programme.policy) for day in (today - _DAY, today))
    return [
        f"{alert.alert_id}, {alert.concern}, by {alert.author_id}"
        async for page in alerts.posted(tx, from_at=from_at, to_at=to_at)
        for alert in page
    ]


async def _refusals(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    """Return who was refused a patient's record yesterday, why, and how often."""
    from_at, to_at = (begins_at(day, programme.policy) for day in (today - _DAY, today))
    return [
        f"{refused.requester_id}, {refused.code.replace('_', ' ')}, {_times(refused.queries)}"
        async for page in reviews.refusals(tx, from_at=from_at, to_at=to_at)
        for refused in page
    ]


async def _missed(tx: Transaction, today: date, _: Programme) -> Sequence[str]:
    """Return the prescribers who wrote without a review in time in the last 30 days, and how often."""
    return [
        f"{prescriber}, {_times(missed)}"
        async for page in treatments.missed_counts(tx, from_on=today - _MISSED_DAYS * _DAY, to_on=today)
        for prescriber, missed in page.items()
    ]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


LISTINGS = (
    Listing(40, "Alerts about patients posted yesterday", _alerts),
    Listing(41, "Queries of patients' records refused yesterday", _refusals),
    Listing(60, "Prescribed without a review in time in the last 30 days", _missed),
)
