"""Prescribers are reminded of reviews that are due or overdue: one digest a day each, naming nobody (R55, R27)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.rules.reviews import reminded_on
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import reviews, sweeps, treatments
from store.contract import Transaction
from store.outbox import Staged
from store.reviews import Prescriber
from store.treatments import Standing

NAME = "review_due"
_DAY = timedelta(days=1)


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    """Yield the digests of those who have a review whose turn it is; they count everything that stands, not only that.

    A turn that came while nothing ran is made up for in the same digest.
    """
    policy = programme.policy
    days = await sweeps.days_to_tell_of(tx, NAME, today)
    standing: dict[str, Standing] = {}
    async for page in treatments.due(
        tx,
        today=today,
        to_on=today + _DAY * max(policy.review_reminder_days, default=0),
        reminded_on=sorted({due_on for day in days for due_on in reminded_on(day, policy)}),
    ):
        standing |= page
    if not standing:
        return
    async for prescribers in reviews.prescribers(tx):
        told = []
        for prescriber in prescribers:  # records may know one by two numbers: still one digest
            mine = sum((standing[number] for number in prescriber.numbers if number in standing), Standing())
            if mine.has_turn:
                told.append(_digest(prescriber, mine, today))
        yield told


def _digest(prescriber: Prescriber, standing: Standing, today: date) -> Staged:
    return Staged(
        "mail",
        "review.due_digest",
        prescriber.email,
        {"name": prescriber.name, "due_count": standing.due, "overdue_count": standing.overdue},
        key=f"review.due_digest:{prescriber.account_id}:{today.isoformat()}",
    )


SWEEP = Sweep(NAME, time(6, 30), _notices)
