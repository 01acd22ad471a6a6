"""What time alone sets off, in three shapes; each is given its date or moment, and never asks for one.

* ``Sweep`` tells: once per local day at its hour, in one transaction.
* ``IntervalSweep`` tells too, every so often: whatever has become due by a moment, so a slot that was missed loses nothing.
* ``ChoreSweep`` tidies: once per local day, in as many short transactions as it takes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType

import handlers.sweeps
from handlers.work import Programme
from messages.errors import Misconfigured
from store.contract import Transaction
from store.outbox import Staged

Chore = Callable[[Transaction, date, Programme], Awaitable[int]]
"""One short transaction's worth of tidying; returns how many rows it went through, 0 when nothing is left for that date."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One daily sweep: when it runs, and whom it tells on a date.

    ``notices`` yields what must leave, a page at a time, and may change rows: both are committed together or not at all.
    """

    name: str
    at: time
    notices: Callable[[Transaction, date, Programme], AsyncIterator[Sequence[Staged]]]


@dataclass(frozen=True, slots=True)
class IntervalSweep:
    """One sweep that runs every so often. ``notices`` yields what has become due by a moment and was not told of before."""

    name: str
    every: timedelta
    notices: Callable[[Transaction, datetime, Programme], AsyncIterator[Sequence[Staged]]]

    def slot(self, moment: datetime) -> datetime:
        """Return the beginning of the interval that a moment lies in, the same on every machine."""
        return moment - (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) % self.every


@dataclass(frozen=True, slots=True)
class ChoreSweep:
    """One daily sweep that tells nobody. Each chore is repeated, a transaction each time, until nothing is left."""

    name: str
    at: time
    chores: tuple[Chore, ...]


AnySweep = Sweep | IntervalSweep | ChoreSweep


@cache
def sweeps() -> Mapping[str, AnySweep]:
    """Return every sweep by name: each module here but this one holds one, called ``SWEEP``."""
    found: dict[str, AnySweep] = {}
    for module in pkgutil.iter_modules(handlers.sweeps.__path__, "handlers.sweeps."):
        name = module.name.rpartition(".")[2]
        if name != "sweep":
            sweep = getattr(importlib.import_module(module.name), "SWEEP", None)
            if not isinstance(sweep, AnySweep) or sweep.name != name:
                raise Misconfigured(f"handlers/sweeps/{name}.py holds no sweep of its name.")
            found[name] = sweep
    return MappingProxyType(found)
