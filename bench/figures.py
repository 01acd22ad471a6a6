"""What is measured, one function a figure; each gives rows of the table."""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.load import FILE_KIND, FILE_QUEUE, RECORD_KIND, RECORD_QUEUE, file_bodies, fill, record_bodies, trickle
from bench.stage import Stage, peak_mib, reading

Row = tuple[str, str, str]
"""What, how much, beside the first of its kind."""


_RECORD_RUNS = (
    ("pmp", "bench.worker", True),
    ("pmp, no answer asked", "bench.worker", False),
    ("bare aio-pika loop", "bench.bare", True),
)
_WARM_UP = 100


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    records: int = 20_000
    files: int = 120
    file_records: int = 500
    seconds: int = 20
    big_file_records: int = 50_000
    rounds: int = 3
    growth_rows: int = 10_000_000
    growth_at: str = ""
    """A store that ``growth`` goes on filling, and leaves; without one it fills a SQLite file and a PostgreSQL database."""
    accounts: int = 1_000_000
    day_records: int = 1_640_000
    day_files: int = 20_000
    projected: bool = False
    """Whether the projection runs beside the workers in ``files``."""


async def records(stage: Stage, size: Size) -> list[Row]:
    """Single records through the full path, beside the bare loop and Dramatiq; three rows each, without an answer two."""
    bodies = record_bodies(size.records)
    rates: dict[str, list[float]] = {}
    for _ in range(size.rounds):
        for who, module, asks in _RECORD_RUNS:
            await fill(stage.amqp_url, RECORD_KIND, bodies, asks=asks)
            store = await stage.fresh_store()
            with stage.process(module, store) as process:
                rates.setdefault(who, []).append(await stage.rate(store, size.records, [process]))
                await _emptied(stage, RECORD_QUEUE)
        store = await stage.fresh_store()
        with stage.process("bench.peer", store, "fill", BENCH_RECORDS=str(size.records)) as process:
            await asyncio.to_thread(process.wait)
        with stage.process("bench.peer", store, "work") as process:
            rates.setdefault("Dramatiq", []).append(await stage.rate(store, size.records, [process]))
    medians = {who: statistics.median(found) for who, found in rates.items()}
    return [
        (f"records/s, {len(bodies[0])} bytes each: {who}", f"{rate:,.0f}", f"pmp is {medians['pmp'] / rate:.1f}x")
        for who, rate in medians.items()
    ]


async def files(stage: Stage, size: Size) -> list[Row]:
    """ASAP files through the full path, with one worker process and with two."""
    bodies, rows = file_bodies(size.files, size.file_records), size.files * size.file_records
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(size.rounds):
        for workers, found in rates.items():
            await fill(stage.amqp_url, FILE_KIND, bodies)
            store = await stage.fresh_store()
            with ExitStack() as stack:
                if size.projected:
                    stack.enter_context(stage.process("bench.worker", store, "scheduler"))
                running = [stack.enter_context(stage.process("bench.worker", store)) for _ in range(workers)]
                found.append(await stage.rate(store, rows, running))
                await _emptied(stage, FILE_QUEUE)
    beside = ", projection beside" if size.projected else ""
    one, two = statistics.median(rates[1]), statistics.median(rates[2])
    return [
        (f"records/s in files of {size.file_records}{beside}: one worker", f"{one:,.0f}", ""),
        (f"records/s in files of {size.file_records}{beside}: two workers", f"{two:,.0f}", f"{two / one:.2f}x of one"),
    ]


async def latency(stage: Stage, size: Size) -> list[Row]:
    """From publishing to committed and acknowledged, 50 messages a second; what a first message pays for is not in it."""
    bodies = record_bodies(_WARM_UP + size.seconds * 50)
    rounds: dict[str, list[tuple[float, float]]] = {}
    for _ in range(size.rounds):
        for module, who in (("bench.worker", "pmp"), ("bench.bare", "bare aio-pika loop")):
            taken = sorted(await _latencies(stage, module, bodies))
            percentiles = statistics.median(taken), taken[int(len(taken) * 0.99)]
            rounds.setdefault(who, []).append(percentiles)
    table = {who: tuple(map(statistics.median, zip(*found, strict=True))) for who, found in rounds.items()}
    ours = table["pmp"]
    return [
        (f"latency at 50/s, p50 / p99 ms: {who}", f"{p50:.1f} / {p99:.1f}",
         "" if who == "pmp" else f"pmp is {ours[0] / p50:.2f}x / {ours[1] / p99:.2f}x")
        for who, (p50, p99) in table.items()
    ]  # fmt: skip


async def _latencies(stage: Stage, module: str, bodies: Sequence[bytes]) -> list[float]:
    store, told = await stage.fresh_store(), stage.folder / f"{module}.latencies"
    with stage.process(module, store, BENCH_LATENCIES=str(told)) as process:
        await stage.consumed(RECORD_QUEUE, process)
        await trickle(stage.amqp_url, bodies, 50, warm_up=_WARM_UP)
        with reading(store) as count:
            deadline = time.monotonic() + 30
            while count() < len(bodies) and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
    return [float(line) for line in told.read_text().split()]


async def memory(stage: Stage, size: Size) -> list[Row]:
    """The worker's peak, idle and after one large file."""
    store = await stage.fresh_store()
    with stage.process("bench.worker", store) as process:
        await stage.consumed(FILE_QUEUE, process)
        await asyncio.sleep(1)
        idle = peak_mib(process)
        body = file_bodies(1, size.big_file_records)[0]
        await fill(stage.amqp_url, FILE_KIND, [body])
        await stage.rate(store, size.big_file_records, [process])
        await _emptied(stage, FILE_QUEUE)
        after = peak_mib(process)
    size_mb = len(body) / 1e6
    return [
        ("peak memory, idle worker", f"{idle:.0f} MiB", ""),
        (
            f"after a file of {size.big_file_records:,} records ({size_mb:.1f} MB)",
            f"{after:.0f} MiB",
            f"+{after - idle:.0f} MiB",
        ),
    ]


async def sweeps(stage: Stage, size: Size) -> list[Row]:
    """The daily sweeps over accounts, each on the same store: how long, how much for a notice, and whether memory stays flat."""
    store = await stage.fresh_store()
    with stage.process("bench.sweeping", store, "fill", BENCH_ACCOUNTS=str(size.accounts)) as process:
        await asyncio.to_thread(process.wait)
    rows: list[Row] = []
    for name in ("password_expiry", "credential_expiry"):
        taken = []
        for _ in range(size.rounds):
            again = stage.folder / f"{name}.db"
            await asyncio.to_thread(shutil.copyfile, store, again)
            with stage.process("bench.sweeping", again, name) as process:
                await asyncio.to_thread(process.wait)
            taken.append(json.loads(stage.said("bench.sweeping").splitlines()[-1]))
            again.unlink()
        seconds, notices = statistics.median(one["seconds"] for one in taken), taken[0]["notices"]
        each = f"{seconds / notices * 1e6:.0f} µs a notice" if notices else ""
        memory = f"memory +{max(one['grew_mib'] for one in taken):.0f} to {taken[0]['peak_mib']:.0f} MiB"
        what = f"{name} of {size.accounts:,} accounts, {notices:,} notices"
        rows.append((what, f"{seconds:.2f} s", f"{each}, {memory}"))
    return rows


async def _emptied(stage: Stage, queue: str) -> None:
    """The last batch is acknowledged: nothing comes back to the next round."""
    await asyncio.sleep(0.3)
    if left := await stage.depth(queue):
        print(f"{left} messages are left in {queue}; the next figure is not to be trusted.")
