"""What a listing of the digest is, and all of them in their order."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TypeVar

import handlers.digest
from handlers.rules.policy import Policy
from handlers.work import Programme
from store.contract import Transaction

ROWS_MAX = 50
"""Rows of one listing that an e-mail shows; the rest is counted."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """The first lines of a listing, how many things it is about in all, and how many lines were left out."""

    rows: tuple[str, ...] = ()
    number: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What a listing looks at: the store, for whom, on which local date, and on which the last digest was."""

    tx: Transaction
    today: date
    programme: Programme
    last_on: date | None = None

    @property
    def policy(self) -> Policy:
        """The programme's numbers."""
        return self.programme.policy

    @property
    def since_last(self) -> tuple[datetime, datetime]:
        """From when to when nothing was told: yesterday, or after a downtime the days since the last digest, in local time."""
        last_on = self.last_on or self.today - timedelta(days=1)
        return self.policy.day_begins(last_on), self.policy.day_begins(self.today)

    def days_since(self, moment: datetime) -> str:
        """Say how many local days have passed: ``today``, ``1 day``, ``12 days``."""
        days = (self.today - self.policy.local_date(moment)).days
        if days <= 0:
            return "today"
        return "1 day" if days == 1 else f"{days} days"

    def ago(self, moment: datetime) -> str:
        """Say when it was: ``today``, ``1 day ago``."""
        days = self.days_since(moment)
        return days if days == "today" else f"{days} ago"


@dataclass(frozen=True, slots=True)
class Listing:
    """One heading of the digest, what to do about it, and how its lines are found; lines name ids, never a person (R27)."""

    place: int
    title: str
    to_do: str
    find: Callable[[Look], Awaitable[Listed]]


async def gathered(pages: AsyncIterator[Sequence[T]], line: Callable[[T], str]) -> Listed:
    """Return what a read yields page by page: the first lines written, the rest counted."""
    rows, number = list[str](), 0
    async for page in pages:
        number += len(page)
        rows += [line(one) for one in page[: ROWS_MAX - len(rows)]]
    return Listed(tuple(rows), number, number - len(rows))


@cache
def listings() -> tuple[Listing, ...]:
    """Return every listing, the most urgent first."""
    found: list[Listing] = []
    for module in pkgutil.iter_modules(handlers.digest.__path__, "handlers.digest."):
        found += getattr(importlib.import_module(module.name), "LISTINGS", ())
    return tuple(sorted(found, key=lambda listing: (listing.place, listing.title)))
