"""Who is overdue: a period that neither a submission nor a zero report covers (R42)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from handlers.rules.deadlines import (
    DispenserKind,
    business_days_overdue,
    cover_due_on,
    covered_with,
    overdue_cover,
)
from handlers.rules.policy import Policy
from store import dispensers
from store.contract import Transaction
from store.dispensers import Behind

KINDS: Final[tuple[DispenserKind, ...]] = ("pharmacy", "practitioner", "veterinarian")


@dataclass(frozen=True, slots=True)
class Overdue:
    """A dispenser, the first day that nothing covers, by when it was due, and the business days since, today included."""

    dispenser: str
    name: str
    dea: str
    npi: str
    ncpdp: str
    contact_email: str
    missing_from: date
    due_on: date
    business_days: int


async def overdue(tx: Transaction, today: date, policy: Policy) -> AsyncIterator[Sequence[Overdue]]:
    """Yield all that are overdue on a day, a page at a time."""
    for kind in KINDS:
        cover = overdue_cover(kind, today, policy)
        async for page in dispensers.behind(tx, kind, covered_to=cover):
            found = (_overdue(one, today, policy) for one in page)
            yield [one for one in found if one is not None]


def _overdue(one: Behind, today: date, policy: Policy) -> Overdue | None:
    """Tell what a dispenser owes, if anything.

    While an exemption holds, all rests (R43). What was owed before it is owed afterwards, and its notices go on where they
    stopped. Of one that closes, reports are expected up to that day.
    """
    exempt = [period for period in one.exemptions if period[0] <= today]
    if any(ends >= today for _, ends in exempt):
        return None
    covered_to = covered_with(one.kind, one.covered_to, [*one.zero_periods, *exempt], policy)
    due = cover_due_on(one.kind, covered_to, policy)
    if due >= today or (one.closed_on is not None and one.closed_on <= covered_to):
        return None
    days = business_days_overdue(due, today, policy, exempt)
    missing_from = covered_to + timedelta(days=1)
    return Overdue(one.dispenser, one.name, one.dea, one.npi, one.ncpdp, one.contact_email, missing_from, due, days)


async def listed_to_administrators(tx: Transaction, today: date, policy: Policy) -> AsyncIterator[Sequence[Overdue]]:
    """Yield those that stayed overdue after the last e-mail: the administrators' digest lists them (R42)."""
    last = max(policy.overdue_notice_days)
    async for page in overdue(tx, today, policy):
        yield [one for one in page if one.business_days > last]
