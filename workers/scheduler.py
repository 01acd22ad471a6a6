"""Each sweep runs when its time has come, also after downtime, on whichever machine is first: the store decides."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import assert_never

import structlog

from handlers.sweeps.sweep import AnySweep, Chore, ChoreSweep, IntervalSweep, Sweep, sweeps
from handlers.work import Programme
from messages.errors import Misconfigured, Transient
from store import audit, outbox, troubles
from store.audit import Entry, Recording
from store.contract import Store, Transaction, as_text
from store.outbox import Staged
from workers.troubles import Troubles

log = structlog.get_logger("pmp.scheduler")

_CLOCKS_DIFFER_AT_MOST = timedelta(minutes=10)


class _Rehearsed(Exception):
    """Ends a rehearsal; the store rolls back and raises it again."""


@dataclass(slots=True)
class Scheduler:
    """Runs what is due. Safe on several machines at once, without a leader."""

    store: Store
    programme: Programme
    clock: Callable[[], datetime]
    machine: str
    woken: Callable[[], None] = lambda: None
    look_seconds: float = 20.0
    _troubles: Troubles = field(init=False)
    _unfinished: dict[str, date] = field(default_factory=dict)
    """Chores begun here and not done, and for which day."""

    def __post_init__(self) -> None:
        self._troubles = Troubles(self.store, self.clock, self.machine)

    async def run(self, stopping: asyncio.Event) -> None:
        """Look for due sweeps until stopped."""
        while not stopping.is_set():
            with suppress(Transient):
                await self.run_due(stopping)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.look_seconds)

    async def run_due(self, stopping: asyncio.Event | None = None) -> list[str]:
        """Run every sweep whose time has come and which has not run for it; return their names.

        Daily ones in the order of their hours: after a late start each finds what it would have found in time.
        """
        ran = await self._run_intervals()
        here = self.clock().astimezone(self.programme.policy.zone)
        due = [one for one in sweeps().values() if not isinstance(one, IntervalSweep) and one.at <= here.time()]
        for sweep in sorted(due, key=lambda one: one.at):
            if await self._tried(sweep, lambda: self.run_sweep(sweep, here.date(), stopping)) is not None:  # noqa: B023 - awaited at once
                ran.append(sweep.name)
        return ran

    async def _run_intervals(self) -> list[str]:
        """Run every interval sweep that has not run in the present slot."""
        return [
            sweep.name
            for sweep in sweeps().values()
            if isinstance(sweep, IntervalSweep)
            and await self._tried(sweep, lambda: self._run_interval(sweep)) is not None  # noqa: B023 - awaited at once
        ]

    async def _tried(self, sweep: AnySweep, run: Callable[[], Awaitable[int | None]]) -> int | None:
        """Run it, unless it rests; one that raises rests, longer each time, and the others go on."""
        part = _part(sweep)
        if self._troubles.rests(part):
            return None
        try:
            ran = await run()
        except (Transient, Misconfigured):
            raise
        except Exception as error:  # noqa: BLE001 - a bug in one sweep must not end the others
            await self._troubles.note(part, error)
            return None
        if ran is not None:
            self._troubles.forget(part)
        return ran

    async def run_sweep(self, sweep: AnySweep, on: date, stopping: asyncio.Event | None = None) -> int | None:
        """Run a sweep for a date; return how many notices it wrote, or how many rows it went through.

        None: it has run for that date already. An interval sweep has no date of its own: it runs in any case, and tells what
        had become due by the end of that day and was not told of.
        """
        match sweep:
            case Sweep():
                written = await self._run_daily(sweep, on)
            case IntervalSweep():
                written = await self.store.write(lambda tx: self._stage(tx, sweep, on, self._by(on)))
            case ChoreSweep():
                written = await self._run_chores(sweep, on, stopping or asyncio.Event())
            case _:
                assert_never(sweep)
        if written is not None:
            log.info("sweep_ran", sweep=sweep.name, on=on.isoformat(), notices=written)
            self.woken()
        return written

    async def rehearse_sweep(self, sweep: AnySweep, on: date) -> Counter[str]:
        """Return what a run for a date would write, by notice, counted in a real run that is rolled back."""
        found: Counter[str] = Counter()
        if isinstance(sweep, ChoreSweep):
            return found

        async def unit(tx: Transaction) -> None:
            async for page in self._notices(tx, sweep, on, self._by(on)):
                found.update(one.name for one in page)
            raise _Rehearsed

        with suppress(_Rehearsed):
            await self.store.write(unit)
        return found

    def _notices(
        self, tx: Transaction, sweep: Sweep | IntervalSweep, on: date, by: datetime
    ) -> AsyncIterator[Sequence[Staged]]:
        if isinstance(sweep, Sweep):
            return sweep.notices(tx, on, self.programme)
        return sweep.notices(tx, by, self.programme)

    async def _run_daily(self, sweep: Sweep, on: date) -> int | None:
        async def unit(tx: Transaction) -> int | None:
            if not await self._claim(tx, sweep, on):
                return None
            written = await self._stage(tx, sweep, on)
            await self._finish(tx, sweep, on, written)
            return written

        return await self.store.write(unit)

    async def _run_interval(self, sweep: IntervalSweep) -> int | None:
        now = self.clock()

        async def unit(tx: Transaction) -> int | None:
            slot = {"sweep": sweep.name, "slot": as_text(sweep.slot(now))}
            claimed = await tx.run(
                "sweeps.claim_slot", **slot, ran_at=as_text(now), ran_by=self.machine,
                unbelievable=as_text(now + _CLOCKS_DIFFER_AT_MOST),
            )  # fmt: skip
            if not claimed:
                return None
            written = await self._stage(tx, sweep, now.date(), now)
            await tx.run("sweeps.finish_slot", **slot, notices=written)
            await troubles.finish(tx, _part(sweep), now)
            return written

        written = await self.store.write(unit)
        if written:
            log.info("sweep_ran", sweep=sweep.name, on=as_text(sweep.slot(now)), notices=written)
            self.woken()
        return written

    async def _run_chores(self, sweep: ChoreSweep, on: date, stopping: asyncio.Event) -> int | None:
        """Claim the day, then tidy bit by bit; minutes go on meanwhile, and what a stop leaves over is tomorrow's.

        A chore that fails holds up none behind it; all are tried again when the sweep's pause is over: the day was claimed here.

        Raises:
            Exception: what the first chore that failed raised, after the others.
        """
        is_claimed = await self.store.write(lambda tx: self._claim(tx, sweep, on))
        if not is_claimed and on != self._unfinished.get(sweep.name):
            return None
        self._unfinished[sweep.name] = on
        passed, failed = 0, None
        for chore in sweep.chores:
            try:
                passed += await self._run_chore(sweep, chore, on, stopping)
            except (Transient, Misconfigured):
                raise
            except Exception as error:  # noqa: BLE001 - told of below, as any sweep's
                failed = failed or error
        if failed is not None:
            raise failed
        await self.store.write(lambda tx: self._finish(tx, sweep, on, passed))
        del self._unfinished[sweep.name]
        return passed

    async def _run_chore(self, sweep: ChoreSweep, chore: Chore, on: date, stopping: asyncio.Event) -> int:
        passed = 0
        while not stopping.is_set():
            done = await self.store.write(lambda tx: self._tidy(tx, sweep, chore, on))
            if not done:
                break
            passed += done
            await self._run_intervals()
        return passed

    async def _tidy(self, tx: Transaction, sweep: ChoreSweep, chore: Chore, on: date) -> int:
        watched = Recording(tx, self.programme.audit_key)
        done = await chore(watched, on, self.programme)
        await self._audit(watched, sweep, on)
        return done

    async def _claim(self, tx: Transaction, sweep: Sweep | ChoreSweep, on: date) -> bool:
        ran_at = as_text(self.clock())
        return bool(
            await tx.run("sweeps.claim", sweep=sweep.name, for_date=on.isoformat(), ran_at=ran_at, ran_by=self.machine)
        )

    async def _finish(self, tx: Transaction, sweep: Sweep | ChoreSweep, on: date, number: int) -> None:
        await tx.run("sweeps.finish", sweep=sweep.name, for_date=on.isoformat(), notices=number)
        await troubles.finish(tx, _part(sweep), self.clock())

    async def _stage(self, tx: Transaction, sweep: Sweep | IntervalSweep, on: date, by: datetime | None = None) -> int:
        """Write what a sweep tells, and into the audit trail what it changed, a page at a time."""
        now, written = self.clock(), 0
        watched = Recording(tx, self.programme.audit_key)
        async for page in self._notices(watched, sweep, on, by or now):
            written += await outbox.stage_all(tx, page, now)
            await self._audit(watched, sweep, on)
        await self._audit(watched, sweep, on)
        return written

    async def _audit(self, watched: Recording, sweep: AnySweep, on: date) -> None:
        """Add what a sweep changed since the last look to the audit trail (R60)."""
        if watched.changes:
            changes, watched.changes = watched.changes, []
            act = Entry(f"sweep:{sweep.name}", f"sweep.{sweep.name}", "done", self.machine, "", on.isoformat(), changes)
            await audit.append(watched.tx, [act], now=self.clock(), key=self.programme.audit_key)

    def _by(self, on: date) -> datetime:
        """Return the end of a local day, or now while it has not ended."""
        midnight = datetime.combine(on + timedelta(days=1), time(0), tzinfo=self.programme.policy.zone)
        return min(self.clock(), midnight.astimezone(UTC))


def _part(sweep: AnySweep) -> str:
    return f"sweep {sweep.name}"
