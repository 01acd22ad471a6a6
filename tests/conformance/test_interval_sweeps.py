"""Machines that look at the same minute: one of them runs the sweep, and each thing is told once, on both stores."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from handlers.rules.help_desk import promise
from handlers.rules.policy import Policy
from handlers.sweeps.sweep import sweeps
from store import outbox, ticket_targets, tickets
from store.contract import Store, Transaction
from tests.conformance.conftest import OpenStore
from tests.help_desk import opened
from tests.unit.handlers.bench import example_programme
from workers.scheduler import Scheduler

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)


async def _open_tickets(store: Store, number: int) -> None:
    async def unit(tx: Transaction) -> None:
        made = promise("response", "critical", NOW, Policy())
        for n in range(number):
            ticket = await tickets.insert(tx, opened(f"T-{n}", "critical"), year=2026, now=NOW, seq=1)
            assert ticket is not None
            await ticket_targets.begin(tx, ticket, "response", made, NOW)

    await store.write(unit)


async def test_six_schedulers_on_two_machines_tell_each_once(store: Store, open_store: OpenStore) -> None:
    """Also when an operator runs the sweep by hand at that moment."""
    await _open_tickets(store, 40)
    stores, name = (store, await open_store()), "ticket_targets"
    for minutes in (20, 24, 25, 30):
        now = NOW + timedelta(minutes=minutes)
        machines = [Scheduler(stores[n % 2], example_programme(), lambda at=now: at, f"m{n}") for n in range(6)]  # type: ignore[misc]
        *ran, _ = await asyncio.gather(
            *(machine.run_due() for machine in machines), machines[0].run_sweep(sweeps()[name], date(2026, 6, 15))
        )
        assert sum(name in names for names in ran if isinstance(names, list)) == 1
    rows = await store.read(lambda tx: outbox.listed(tx, most=1000))
    assert sorted(row["name"] for row in rows) == ["ticket.target_missed"] * 80 + ["ticket.target_warning"] * 80
