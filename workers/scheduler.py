"""Each sweep runs once per local day at its hour, also after downtime, on whichever machine is first: the store decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from handlers.sweeps.sweep import Sweep, sweeps
from handlers.work import Programme
from messages.errors import StoreAway
from store import outbox
from store.contract import Store, Transaction, as_text

log = structlog.get_logger("pmp.scheduler")


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Runs what is due. Safe on several machines at once, without a leader."""

    store: Store
    programme: Programme
    clock: Callable[[], datetime]
    machine: str
    woken: Callable[[], None] = lambda: None
    look_seconds: float = 20.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Look for due sweeps until stopped."""
        while not stopping.is_set():
            with suppress(StoreAway):
                await self.run_due()
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.look_seconds)

    async def run_due(self) -> list[str]:
        """Run every sweep whose hour has come today and which has not run for today; return their names."""
        here = self.clock().astimezone(self.programme.policy.zone)
        ran = []
        for sweep in sweeps().values():
            if here.time() >= sweep.at and await self.run_sweep(sweep, here.date()) is not None:
                ran.append(sweep.name)
        return ran

    async def run_sweep(self, sweep: Sweep, on: date) -> int | None:
        """Run a sweep for a date and return how many notices it wrote; None when it has run for that date already."""

        async def unit(tx: Transaction) -> int | None:
            now = self.clock()
            claimed = await tx.run(
                "sweeps.claim", sweep=sweep.name, for_date=on.isoformat(), ran_at=as_text(now), ran_by=self.machine
            )
            if not claimed:
                return None
            written = 0
            async for page in sweep.notices(tx, on, self.programme):
                written += await outbox.stage_all(tx, page, now)
            await tx.run("sweeps.finish", sweep=sweep.name, for_date=on.isoformat(), notices=written)
            return written

        written = await self.store.write(unit)
        if written is not None:
            log.info("sweep_ran", sweep=sweep.name, on=on.isoformat(), notices=written)
            self.woken()
        return written
