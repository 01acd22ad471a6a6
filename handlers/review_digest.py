"""What of alerts, queries and reviews stands in administrators' daily list: ids and numbers, no patient (R24, R27, R28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from handlers.work import Programme
from store import alerts, reviews, treatments
from store.contract import Transaction, as_moment

_ROWS_MAX = 200  # an e-mail, not a report; the number of all is told beside it
_MISSED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """Lines for the daily list, the first 200, and how many there are."""

    rows: tuple[str, ...]
    number: int


async def alerts_posted(tx: Transaction, today: date, programme: Programme) -> Listed:
    """Return the alerts that users posted yesterday and that stand, newest first (R28)."""
    from_at, to_at = _yesterday(today, programme)
    rows = await alerts.posted(tx, from_at=from_at, to_at=to_at, most=_ROWS_MAX)
    number = await alerts.count_posted(tx, from_at=from_at, to_at=to_at)
    told = (
        f"{row['alert_id']}, {row['concern']}, by {row['author_id']}{_at(row['posted_at'], programme)}" for row in rows
    )
    return Listed(tuple(told), number)


async def queries_refused(tx: Transaction, today: date, programme: Programme) -> Listed:
    """Return the queries that were refused yesterday, newest first: who and why (R24)."""
    from_at, to_at = _yesterday(today, programme)
    rows = await reviews.refusals(tx, from_at=from_at, to_at=to_at, most=_ROWS_MAX)
    number = await reviews.count_refusals(tx, from_at=from_at, to_at=to_at)
    told = (f"{row['requester_id']}, {row['code'].replace('_', ' ')}{_at(row['asked_at'], programme)}" for row in rows)
    return Listed(tuple(told), number)


async def reviews_missed(tx: Transaction, today: date) -> Listed:
    """Return the prescribers who wrote without a review in time in the last 30 days, and how often (R51)."""
    from_on, number, after = today - timedelta(days=_MISSED_DAYS), 0, ""
    rows: list[str] = []
    while page := await treatments.missed_counts(tx, from_on=from_on, to_on=today, after=after):
        number += sum(page.values())
        rows += [f"{prescriber}: {missed}" for prescriber, missed in page.items()][: _ROWS_MAX - len(rows)]
        after = max(page)
    return Listed(tuple(rows), number)


def _yesterday(today: date, programme: Programme) -> tuple[datetime, datetime]:
    """Return when yesterday began and ended in the programme's time zone."""
    zone = programme.policy.zone
    return (
        datetime.combine(today - timedelta(days=1), time(), tzinfo=zone),
        datetime.combine(today, time(), tzinfo=zone),
    )


def _at(moment: str, programme: Programme) -> str:
    return f", at {as_moment(moment).astimezone(programme.policy.zone):%H:%M}"
