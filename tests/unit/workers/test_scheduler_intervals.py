"""Scheduler: a sweep at an interval runs once per slot on whichever machine is first, and catches up after downtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers.rules.help_desk import promise
from handlers.rules.policy import Policy
from handlers.sweeps.sweep import IntervalSweep, sweeps
from messages.errors import StoreAway
from store import ticket_targets, tickets
from store.contract import Store, Transaction
from store.sqlite import SqliteStore, open_sqlite
from tests.faulty_store import Fault, FaultyStore
from tests.help_desk import opened
from tests.site import Counted
from tests.unit.handlers.bench import example_programme
from workers.scheduler import Scheduler

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
DAY = date(2026, 6, 15)
NAME = "ticket_targets"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite(tmp_path / "pmp.db")
    await store.migrate()
    yield store
    await store.close()


def scheduler(store: Store, minutes: float, machine: str = "one") -> Scheduler:
    """A scheduler so many minutes after NOW."""
    return Scheduler(store, example_programme(), lambda: NOW + timedelta(minutes=minutes), machine)


async def open_ticket(store: Store) -> None:
    """A critical ticket was opened NOW: its response is near after 24 minutes and missed after 30."""

    async def unit(tx: Transaction) -> None:
        ticket = await tickets.insert(tx, opened(category="critical"), year=2026, now=NOW, seq=1)
        assert ticket is not None
        await ticket_targets.begin(tx, ticket, "response", promise("response", "critical", NOW, Policy()), NOW)

    await store.write(unit)


def mails(store: SqliteStore) -> list[str]:
    """The notices written so far, one for each of two administrators."""
    return [row[0] for row in Counted(store.path).rows("SELECT name FROM outbox ORDER BY no")]


def test_a_slot_begins_where_it_does_on_every_machine() -> None:
    """Whatever the moment's zone, and whenever the process began."""
    sweep = sweeps()[NAME]
    assert isinstance(sweep, IntervalSweep)
    moment = datetime(2026, 6, 15, 15, 7, 59, 5, tzinfo=UTC)
    assert sweep.slot(moment) == datetime(2026, 6, 15, 15, 7, tzinfo=UTC)
    assert replace(sweep, every=timedelta(minutes=5)).slot(moment) == datetime(2026, 6, 15, 15, 5, tzinfo=UTC)
    assert replace(sweep, every=timedelta(hours=1)).slot(moment) == datetime(2026, 6, 15, 15, 0, tzinfo=UTC)


async def test_it_runs_once_a_minute(store: SqliteStore) -> None:
    """A look within the same minute finds it done, one in the next runs it."""
    ran = [NAME in await scheduler(store, minutes).run_due() for minutes in (0, 0.5, 0.99, 1, 1.5, 3, 3)]
    assert ran == [True, False, False, True, False, True, False]
    assert len(Counted(store.path).rows("SELECT * FROM interval_runs WHERE sweep = ?", NAME)) == 1


async def test_machines_at_once_tell_it_once(store: SqliteStore) -> None:
    """Each minute one of them runs it; each notice is written once for each administrator."""
    await open_ticket(store)
    other = await open_sqlite(store.path)
    try:
        for minutes in range(20, 35):
            ran = await asyncio.gather(
                *(scheduler(one, minutes, f"m{n}").run_due() for n, one in enumerate((store, other) * 3))
            )
            assert sum(NAME in names for names in ran) == 1
    finally:
        await other.close()
    assert mails(store) == ["ticket.target_warning"] * 2 + ["ticket.target_missed"] * 2


async def test_a_clock_that_lags_runs_nothing_twice(store: SqliteStore) -> None:
    """A machine whose clock is behind finds its slot over."""
    assert NAME in await scheduler(store, 10).run_due()
    assert NAME not in await scheduler(store, 8, "behind").run_due()


async def test_a_clock_that_was_far_ahead_holds_up_nobody(store: SqliteStore) -> None:
    """Its slot is not believed: the others go on each minute, not only when that time has come."""
    assert NAME in await scheduler(store, 24 * 60, "ahead").run_due()
    assert NAME in await scheduler(store, 1).run_due()
    assert NAME not in await scheduler(store, 1.5).run_due()
    assert NAME in await scheduler(store, 2).run_due()


async def test_downtime_is_caught_up(store: SqliteStore) -> None:
    """After hours without a scheduler, the first look tells what was missed meanwhile."""
    await open_ticket(store)
    await scheduler(store, 1).run_due()
    await scheduler(store, 300).run_due()
    assert mails(store) == ["ticket.target_missed"] * 2


async def test_a_run_that_the_store_lost_is_run_again(store: SqliteStore) -> None:
    """Slot and notices are one transaction."""
    await open_ticket(store)
    with pytest.raises(StoreAway):
        await scheduler(FaultyStore(store, [Fault(StoreAway("away"))]), 25).run_due()
    await scheduler(store, 25).run_due()
    assert mails(store) == ["ticket.target_warning"] * 2


async def test_by_hand_it_tells_what_was_due_by_the_end_of_the_day(store: SqliteStore) -> None:
    """At any time, without waiting for a slot, and each thing once; a day that has not ended is told as of now."""
    await open_ticket(store)
    sweep = sweeps()[NAME]
    assert await scheduler(store, 25).run_sweep(sweep, DAY - timedelta(days=1)) == 0
    assert await scheduler(store, 25).run_sweep(sweep, DAY + timedelta(days=1)) == 2
    assert await scheduler(store, 25).run_sweep(sweep, DAY) == 0
    assert await scheduler(store, 24 * 60).run_sweep(sweep, DAY) == 2
    assert mails(store) == ["ticket.target_warning"] * 2 + ["ticket.target_missed"] * 2


async def test_a_rehearsal_counts_and_changes_nothing(store: SqliteStore) -> None:
    """It is a real run that is rolled back: the run after it writes what it counted."""
    await open_ticket(store)
    sweep = sweeps()[NAME]
    for _ in range(2):
        assert await scheduler(store, 25).rehearse_sweep(sweep, DAY) == {"ticket.target_warning": 2}
    assert mails(store) == []
    assert await scheduler(store, 25).run_sweep(sweep, DAY) == 2
