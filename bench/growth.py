"""Does the store slow down as it fills? Files of 5,000 records of a state go through the processor, without a broker.

The projection of treatments runs beside, in the scheduler's process, as it would: each step of 100,000 records is timed until
they are stored, and until the projection has counted them too. Between the first steps and the last ones the store is filled
without it, and it catches up.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from bench.figures import Row, Size
from bench.load import FILE_KIND
from bench.stage import Stage
from bench.state import DRUGS, state_file
from messages.codec import Limits
from messages.envelope import ASAP, Envelope
from messages.errors import Misconfigured
from store import drugs, stream
from store.contract import Store, is_postgres
from store.own_database import own_database
from workers.bootstrap import open_store, programme_of
from workers.process import Delivery, Processor
from workers.projection import TreatmentsProjection
from workers.services.postgres import postgres_server
from workers.settings import Settings, load_settings

_FILE_RECORDS = 5_000
_STEP_FILES = 20
_STEP_RECORDS = _FILE_RECORDS * _STEP_FILES
_STEP_DAYS = 5
_MEASURED = 3  # steps; the very first is left out, whose tables are empty
_SENDER = "bench"
_CATCH_UP_SECONDS_MAX = 7200.0


class _Step(NamedTuple):
    """How long a step's records took: to be stored, and to be counted too."""

    stored_seconds: float
    counted_seconds: float


async def growth(stage: Stage, size: Size) -> list[Row]:
    """The rates on SQLite and on PostgreSQL when little is stored, and at the most."""
    if size.growth_at:
        return await _grown(size.growth_at, stage, size)
    rows = await _grown(str(await stage.fresh_store()), stage, size)
    with postgres_server(print) as server:
        async with own_database(server.url, f"bench_growth_{os.getpid()}") as url:
            return rows + await _grown(url, stage, size)


async def _grown(where: str, stage: Stage, size: Size) -> list[Row]:
    engine = "PostgreSQL" if is_postgres(where) else "SQLite"
    settings = load_settings(amqp_url=stage.amqp_url, store=where, publishers={_SENDER: ("*",)})
    last = size.growth_rows // _STEP_RECORDS
    early: list[_Step] = []
    async with open_store(settings) as store:
        await store.migrate()
        filled = (await store.read(stream.horizon)).seq // _STEP_FILES
        with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(1) as maker:
            filling = _Filling(store, settings, threads, maker, last)
            if not filled:
                await store.write(partial(drugs.put_all, drugs=DRUGS, now=datetime.now(UTC)))
                with stage.process("bench.worker", where, "scheduler"):
                    early = [await filling.measured(no) for no in range(_MEASURED + 1)][1:]
                filled = _MEASURED + 1
            for no in range(filled, last - _MEASURED):
                await filling.stored(no)
            with stage.process("bench.worker", where, "scheduler"):
                print(f"{engine}: caught up in {await filling.caught_up():,.0f} s", flush=True)
                late = [await filling.measured(no) for no in range(max(filled, last - _MEASURED), last)]
    return [
        (f"{engine}, projection beside: records/s {what} at {rows:,} rows", f"{_rate(seconds):,.0f}", "")
        for rows, steps in ((_MEASURED * _STEP_RECORDS, early), (size.growth_rows, late))
        if steps  # a store gone on with has no first steps
        for what, seconds in zip(("stored", "stored and counted"), zip(*steps, strict=True), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Filling:
    """A store that a state's files are handed to, a step of 20 of them at a time; ``last`` is the number of the step of today."""

    store: Store
    settings: Settings
    threads: Executor
    maker: Executor
    last: int

    async def measured(self, no: int) -> _Step:
        """Hand a step in and wait until it is counted; return how long that took."""
        stored = await self.stored(no)
        return _Step(stored, stored + await self.caught_up())

    async def stored(self, no: int) -> float:
        """Hand a step in; return how long that took, without making the files."""
        day = self._day(no)
        make = partial(state_file, records=_FILE_RECORDS, now=day)
        loop = asyncio.get_running_loop()
        making = [loop.run_in_executor(self.maker, make, no * _STEP_FILES + place) for place in range(_STEP_FILES)]
        bodies = await asyncio.gather(*making)
        processor = Processor(self.store, programme_of(self.settings), lambda: day, self.threads, Limits())
        begun = time.perf_counter()
        for place, body in enumerate(bodies):
            envelope = Envelope(f"growth-{no}-{place}", FILE_KIND, _SENDER, body, content_type=ASAP)
            await processor.process([Delivery(envelope)])
        return time.perf_counter() - begun

    async def caught_up(self) -> float:
        """Wait until the projection has counted everything; return how long that took."""
        begun = time.perf_counter()
        projection = TreatmentsProjection(
            self.store, programme_of(self.settings), lambda: self._day(self.last), _SENDER
        )
        while not await projection.is_done():
            if time.perf_counter() - begun > _CATCH_UP_SECONDS_MAX:
                raise Misconfigured("The projection does not keep up, or does not run.")
            await asyncio.sleep(0.1)
        return time.perf_counter() - begun

    def _day(self, no: int) -> datetime:
        return datetime.now(UTC) - timedelta(days=(self.last - no) * _STEP_DAYS)


def _rate(seconds: Sequence[float]) -> float:
    return len(seconds) * _STEP_RECORDS / sum(seconds)
