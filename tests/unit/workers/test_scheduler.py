"""Scheduler: each sweep once per local day, whoever is first, also after downtime and across daylight saving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.sweeps.sweep import IntervalSweep, sweeps
from handlers.work import Programme
from messages.errors import StoreAway
from store.sqlite import SqliteStore
from tests.faulty_store import Fault, FaultyStore
from tests.site import Counted
from tests.stores import sqlite_store
from workers.scheduler import Scheduler

SWEEP = sweeps()["password_expiry"]  # at 06:00 in New York


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with sqlite_store(tmp_path / "pmp.db") as store:
        yield store


def scheduler(store: SqliteStore | FaultyStore, now: datetime, machine: str = "one") -> Scheduler:
    programme = Programme(Policy(), Vault({"k1": new_private_key()}), ())
    return Scheduler(store, programme, lambda: now, machine)


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


async def test_two_at_once_run_it_once(store: SqliteStore, tmp_path: Path) -> None:
    """Two machines with stores of their own on one file: one runs the sweep, the other finds it done."""
    async with sqlite_store(store.path) as other:
        ran = await asyncio.gather(
            *(scheduler(one, at(24, 12), f"m{n}").run_due() for n, one in enumerate((store, other) * 5))
        )
    assert sum(SWEEP.name in names for names in ran) == 1
    runs = Counted(store.path).rows("SELECT for_date FROM sweep_runs WHERE sweep = ?", SWEEP.name)
    assert runs == [("2026-11-24",)]


async def test_downtime_at_the_hour_is_caught_up(store: SqliteStore) -> None:
    """A process that starts late in the day runs what was due in the morning, once."""
    late = scheduler(store, at(25, 4, 59))  # 23:59 in New York
    assert SWEEP.name in await late.run_due()
    assert await late.run_due() == []


async def test_after_a_late_start_sweeps_run_in_the_order_of_their_hours(store: SqliteStore) -> None:
    """What ends just after midnight has ended before what lapses then is looked for, and the list of seven o'clock knows both."""
    ran = await scheduler(store, at(25, 4, 59)).run_due()

    hours = [sweep.at for name in ran if not isinstance(sweep := sweeps()[name], IntervalSweep)]
    assert len(hours) > 5
    assert hours == sorted(hours)


@pytest.mark.parametrize(
    ("before", "due"),
    [
        (at(31, 9, 59, month=10), at(31, 10, month=10)),  # summer time: 06:00 is 10:00 UTC
        (at(1, 10, 59), at(1, 11)),  # the night the clocks went back: 11:00 UTC
        (at(8, 9, 59, month=3), at(8, 10, month=3)),  # the night they went forward: 10:00 UTC again
        (at(7, 10, 59, month=3), at(7, 11, month=3)),
    ],
)
async def test_the_hour_is_local(store: SqliteStore, before: datetime, due: datetime) -> None:
    """A sweep runs at its local hour on both sides of daylight saving, and not a minute earlier."""
    assert SWEEP.name not in await scheduler(store, before).run_due()
    assert SWEEP.name in await scheduler(store, due).run_due()


async def test_a_run_that_the_store_lost_is_run_again(store: SqliteStore) -> None:
    """Claim and notices are one transaction: when it fails, the day is not marked as run."""
    lost = scheduler(FaultyStore(store, [Fault(StoreAway("away"))]), at(24, 12))
    with pytest.raises(StoreAway):
        await lost.run_sweep(SWEEP, date(2026, 11, 24))
    assert await lost.run_sweep(SWEEP, date(2026, 11, 24)) == 0
    assert await lost.run_sweep(SWEEP, date(2026, 11, 24)) is None
