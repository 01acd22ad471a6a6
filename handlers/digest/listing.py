"""What a listing of the digest is, and all of them in their order."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

import handlers.digest
from handlers.rules.policy import Policy
from handlers.work import Programme
from store.contract import Transaction

ROWS_MAX = 50
"""Rows of one listing that an e-mail shows; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One heading of the digest and how its rows are found; rows name ids, never a person (R27)."""

    place: int
    title: str
    rows: Callable[[Transaction, date, Programme], Awaitable[Sequence[str]]]


@cache
def listings() -> tuple[Listing, ...]:
    """Return every listing, the most urgent first."""
    found: list[Listing] = []
    for module in pkgutil.iter_modules(handlers.digest.__path__, "handlers.digest."):
        found += getattr(importlib.import_module(module.name), "LISTINGS", ())
    return tuple(sorted(found, key=lambda listing: (listing.place, listing.title)))


def shortened(rows: Sequence[str]) -> list[str]:
    """Return what the e-mail shows of a listing."""
    if len(rows) <= ROWS_MAX:
        return list(rows)
    return [*rows[:ROWS_MAX], f"and {len(rows) - ROWS_MAX} more"]


def begins_at(day: date, policy: Policy) -> datetime:
    """Return the moment at which a local day begins."""
    return datetime.combine(day, time(), tzinfo=policy.zone)


def ends_at(day: date, policy: Policy) -> datetime:
    """Return the moment at which the next local day begins."""
    return begins_at(day + timedelta(days=1), policy)


def days_since(moment: datetime, today: date, policy: Policy) -> str:
    """Say how many local days have passed: ``today``, ``1 day``, ``12 days``."""
    days = (today - policy.local_date(moment)).days
    if days <= 0:
        return "today"
    return "1 day" if days == 1 else f"{days} days"
