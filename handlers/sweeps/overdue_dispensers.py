"""Overdue dispensers are e-mailed on the first, third and fifth business day (R42)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time

from handlers.overdue import Overdue, overdue
from handlers.reporting import label
from handlers.rules.calendar import is_business_day
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store.contract import Transaction
from store.outbox import Staged


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    policy = programme.policy
    if not is_business_day(today, policy):
        return
    steps = sorted(policy.overdue_notice_days)
    async for page in overdue(tx, today, policy):
        yield [
            _overdue(one, max(step for step in steps if step <= one.business_days))
            for one in page
            if one.business_days >= steps[0]
        ]


def _overdue(one: Overdue, step: int) -> Staged:
    # The key holds deadline and step: each is told once, and the next deadline that is missed is told anew. A step whose day
    # was missed (downtime, or a gap that lay behind another) is made up for, the last one only.
    named = label(one.dea, one.ncpdp, one.npi)
    return Staged(
        "mail",
        "submission.overdue",
        one.contact_email,
        {
            "pharmacy": f"{one.name} ({named})",
            "missing_from": one.missing_from.isoformat(),
            "due_on": one.due_on.isoformat(),
            "days_overdue": one.business_days,
        },
        key=f"submission.overdue:{one.dispenser}:{one.due_on.isoformat()}:{step}",
    )


SWEEP = Sweep("overdue_dispensers", time(8, 0), _notices)
