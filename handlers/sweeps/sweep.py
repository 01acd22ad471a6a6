"""What a sweep is: run once per local day at its hour, for a date that is given, never asked for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from types import MappingProxyType

import handlers.sweeps
from handlers.work import Programme
from messages.errors import Misconfigured
from store.contract import Transaction
from store.outbox import Staged


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep: when it runs, and whom it tells on a date.

    ``notices`` yields what must leave, a page at a time, and may change rows: both are committed together or not at all.
    """

    name: str
    at: time
    notices: Callable[[Transaction, date, Programme], AsyncIterator[Sequence[Staged]]]


@cache
def sweeps() -> Mapping[str, Sweep]:
    """Return every sweep by name: each module here but this one holds one, called ``sweep``."""
    found = {}
    for module in pkgutil.iter_modules(handlers.sweeps.__path__, "handlers.sweeps."):
        name = module.name.rpartition(".")[2]
        if name != "sweep":
            sweep = getattr(importlib.import_module(module.name), "SWEEP", None)
            if not isinstance(sweep, Sweep) or sweep.name != name:
                raise Misconfigured(f"handlers/sweeps/{name}.py holds no Sweep of its name.")
            found[name] = sweep
    return MappingProxyType(found)
