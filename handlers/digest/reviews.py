"""What of alerts, queries and reviews administrators see in their daily list: ids and numbers, no patient (R24, R27, R28)."""

from __future__ import annotations

from datetime import timedelta

from handlers.digest.listing import ROWS_MAX, Listed, Listing, Look
from store import alerts, reviews, treatments
from store.contract import as_moment

_MISSED_DAYS = 30


async def alerts_posted(look: Look) -> Listed:
    """Return the alerts that users posted yesterday and that stand, newest first (R28)."""
    from_at, to_at = look.yesterday
    rows = await alerts.posted(look.tx, from_at=from_at, to_at=to_at, most=ROWS_MAX)
    number = await alerts.count_posted(look.tx, from_at=from_at, to_at=to_at)
    told = (f"{row['alert_id']}, {row['concern']}, by {row['author_id']}{_at(row['posted_at'], look)}" for row in rows)
    return Listed(tuple(told), number)


async def queries_refused(look: Look) -> Listed:
    """Return the queries that were refused yesterday, newest first: who and why (R24)."""
    from_at, to_at = look.yesterday
    rows = await reviews.refusals(look.tx, from_at=from_at, to_at=to_at, most=ROWS_MAX)
    number = await reviews.count_refusals(look.tx, from_at=from_at, to_at=to_at)
    told = (f"{row['requester_id']}, {row['code'].replace('_', ' ')}{_at(row['asked_at'], look)}" for row in rows)
    return Listed(tuple(told), number)


async def reviews_missed(look: Look) -> Listed:
    """Return the prescribers who wrote without a review in time in the last 30 days, and how often (R51)."""
    from_on, number, after = look.today - timedelta(days=_MISSED_DAYS), 0, ""
    rows: list[str] = []
    while page := await treatments.missed_counts(look.tx, from_on=from_on, to_on=look.today, after=after):
        number += sum(page.values())
        rows += [f"{prescriber}: {missed}" for prescriber, missed in page.items()][: ROWS_MAX - len(rows)]
        after = max(page)
    return Listed(tuple(rows), number)


def _at(moment: str, look: Look) -> str:
    return f", at {as_moment(moment).astimezone(look.policy.zone):%H:%M}"


LISTINGS = (
    Listing(50, "Alerts posted about patients yesterday", alerts_posted),
    Listing(51, "Queries refused yesterday", queries_refused),
    Listing(52, "Prescriptions written without a review in time, last 30 days, by prescriber", reviews_missed),
)
