"""Prescribers are reminded of reviews that are due or overdue: one digest a day each, naming nobody (R55, R27)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import reviews, treatments
from store.contract import Transaction
from store.outbox import Staged
from store.reviews import Holder
from store.treatments import Standing

_DAY = timedelta(days=1)
_MAILS_AT_ONCE = 1000


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    """Yield the digests of those who have a review whose turn it is; they count everything that stands, not only that."""
    policy = programme.policy
    standing: dict[Holder, Standing] = {}
    async for page in treatments.due(
        tx,
        today=today,
        to_on=today + _DAY * max(policy.review_reminder_days, default=0),
        reminded_on=[today + _DAY * days for days in sorted(policy.review_reminder_days)],
        overdue_every_days=policy.review_overdue_days,
    ):
        holders = await reviews.accounts_by_number(tx, page)
        for number, holder in holders.items():  # records may know one prescriber by two numbers: still one digest
            standing[holder] = standing.get(holder, Standing()) + page[number]
    told = [_digest(holder, one, today) for holder, one in standing.items() if one.has_turn]
    for start in range(0, len(told), _MAILS_AT_ONCE):
        yield told[start : start + _MAILS_AT_ONCE]


def _digest(holder: Holder, standing: Standing, today: date) -> Staged:
    return Staged(
        "mail",
        "review.due_digest",
        holder.email,
        {"name": holder.name, "due_count": standing.due, "overdue_count": standing.overdue},
        key=f"review.due_digest:{holder.account_id}:{today.isoformat()}",
    )


SWEEP = Sweep("review_due", time(6, 30), _notices)
