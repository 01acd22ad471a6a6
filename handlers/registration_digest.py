"""What of registrations administrators see in their daily list: who waits on them, and whom agencies left out (R8, R11)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from handlers.rules.registering import Lateness, lateness
from handlers.work import Programme
from store import agencies, registrations
from store.agencies import Dropped
from store.contract import Transaction

_ROWS_MAX = 200  # an e-mail, not a report; the number of all is told beside it


@dataclass(frozen=True, slots=True)
class WaitingRegistration:
    """A registration that waits on an administrator, or on the programme manager (``authorisation``)."""

    registration_id: str
    role: str
    state: str
    days: int
    lateness: Lateness


@dataclass(frozen=True, slots=True)
class WaitingList:
    """The longest waiting first, at most 200; ``number`` counts all, ``late`` and ``overdue`` those of them."""

    rows: tuple[WaitingRegistration, ...]
    number: int
    late: int
    overdue: int


@dataclass(frozen=True, slots=True)
class DroppedList:
    """Accounts whose holders their agency's newer list leaves out, at most 200, and how many there are."""

    rows: tuple[Dropped, ...]
    number: int


async def waiting_on_programme(tx: Transaction, today: date, programme: Programme) -> WaitingList:
    """Return the registrations whose turn is the programme's, with their age in days and how late that is (R11)."""
    rows, counted = list[WaitingRegistration](), Counter[Lateness]()
    async for page in registrations.waiting_on_programme(tx):
        for one in page:
            days = (today - programme.policy.local_date(one.since)).days
            how_late = lateness(days, programme.policy)
            counted[how_late] += 1
            if len(rows) < _ROWS_MAX:
                rows.append(WaitingRegistration(one.registration_id, one.role, one.state, days, how_late))
    return WaitingList(tuple(rows), counted.total(), counted["late"], counted["overdue"])


async def dropped_from_lists(tx: Transaction) -> DroppedList:
    """Return the accounts that an administrator looks at because their holders stand on no list any more (R8)."""
    rows, number = list[Dropped](), 0
    async for page in agencies.dropped(tx):
        number += len(page)
        rows += page[: _ROWS_MAX - len(rows)]
    return DroppedList(tuple(rows), number)
