"""Who is overdue: a period that neither a submission nor a zero report covers (R42)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from handlers.rules.deadlines import DispenserKind, business_days_overdue, cover_due_on, overdue_cover
from handlers.rules.policy import Policy
from store import dispensers
from store.contract import Transaction

KINDS: Final[tuple[DispenserKind, ...]] = ("pharmacy", "practitioner", "veterinarian")


@dataclass(frozen=True, slots=True)
class Overdue:
    """A dispenser, since when it is overdue, and the business days of that, today included."""

    dispenser: str
    name: str
    dea: str
    npi: str
    ncpdp: str
    contact_email: str
    due_on: date
    business_days: int


async def overdue(tx: Transaction, today: date, policy: Policy) -> AsyncIterator[Sequence[Overdue]]:
    """Yield all that are overdue on a day, a page at a time; who is exempt or has closed is not."""
    for kind in KINDS:
        cover = overdue_cover(kind, today, policy)
        async for page in dispensers.overdue(tx, kind, covered_to=cover, today=today):
            found = []
            for one in page:
                due = cover_due_on(kind, one.covered_to, policy)
                days = business_days_overdue(due, today, policy)
                found.append(
                    Overdue(one.dispenser, one.name, one.dea, one.npi, one.ncpdp, one.contact_email, due, days)
                )
            yield found


async def listed_to_administrators(tx: Transaction, today: date, policy: Policy) -> AsyncIterator[Sequence[Overdue]]:
    """Yield those that stayed overdue after the last e-mail: the administrators' digest lists them (R42)."""
    last = max(policy.overdue_notice_days)
    async for page in overdue(tx, today, policy):
        yield [one for one in page if one.business_days > last]
