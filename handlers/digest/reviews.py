"""Alerts that users posted, queries that were refused, reviews that were missed: who and why, never a patient (R24, R28, R51)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from handlers.digest.listing import Listed, Listing, Look, gathered
from store import alerts, reviews, treatments

_MISSED_DAYS = 30


async def alerts_posted(look: Look) -> Listed:
    """Return the alerts that were posted since the last digest and stand; of what they say, nothing (R27, R28)."""
    from_at, to_at = look.since_last
    pages = alerts.posted(look.tx, from_at=from_at, to_at=to_at)
    return await gathered(pages, lambda alert: f"{alert.alert_id}, by {alert.author_id}")


async def queries_refused(look: Look) -> Listed:
    """Return who was refused a patient's record since the last digest, why, and how often (R24)."""
    from_at, to_at = look.since_last
    return await gathered(
        reviews.refusals(look.tx, from_at=from_at, to_at=to_at),
        lambda refused: f"{refused.requester_id}, {refused.code.replace('_', ' ')}, {_times(refused.queries)}",
    )


async def reviews_missed(look: Look) -> Listed:
    """Return the prescribers who wrote without a review in time in the last 30 days, and how often (R51)."""
    return await gathered(_missed(look), lambda one: f"{one[0]}, {_times(one[1])}")


async def _missed(look: Look) -> AsyncIterator[Sequence[tuple[str, int]]]:
    from_on = look.today - timedelta(days=_MISSED_DAYS)
    async for page in treatments.missed_counts(look.tx, from_on=from_on, to_on=look.today):
        yield list(page.items())


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


LISTINGS = (
    Listing(
        50,
        "Alerts about patients posted since the last digest",
        "Read them in the portal, by their numbers. Withdraw what should not stand; nothing goes to law enforcement by itself.",
        alerts_posted,
    ),
    Listing(
        51,
        "Queries of patients' records refused since the last digest",
        "Ask who was refused often; suspected misuse is reported as conduct.",
        queries_refused,
    ),
    Listing(
        60,
        "Prescribed without a review in time in the last 30 days",
        "Listed by the prescriber's number. The portal shows which; please speak with them.",
        reviews_missed,
    ),
)
