"""What the audit trail costs in the hot path: the same batches of single records, with and without it, in turns.

    python -m bench.audit_cost [--batches 40] [--rounds 5]

Prints CPU seconds a record for both and their ratio (R60: below 1.10).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from bench.load import record_bodies
from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.work import Programme
from messages.codec import Limits
from messages.envelope import JSON, Envelope
from store import audit
from store.sqlite import open_sqlite
from workers import logs
from workers.process import Delivery, Processor

BATCH = 250
KEY = b"a made-up key"


async def _nothing(*_: object, **__: object) -> None:
    return None


async def measured(batches: Sequence[Sequence[Delivery]], *, audited: bool) -> float:
    """Process every batch on an empty store; return CPU seconds a record."""
    append = audit.append
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as threads:
        store = await open_sqlite(Path(folder) / "pmp.db")
        await store.migrate()
        programme = Programme(Policy(), Vault({}), (), publishers=Publishers({"bench": ("*",)}), audit_key=KEY)
        processor = Processor(store, programme, lambda: datetime.now(UTC), threads, Limits())
        if not audited:
            audit.append = _nothing
        try:
            before = time.process_time()
            for batch in batches:
                await processor.process(batch)
            return (time.process_time() - before) / sum(len(batch) for batch in batches)
        finally:
            audit.append = append
            await store.close()


def main() -> None:
    """Measure in turns, so that what else the machine does falls on both."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--batches", type=int, default=40)
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    logs.configure(logging.WARNING)
    bodies = record_bodies(given.batches * BATCH)
    deliveries = [
        Delivery(Envelope(f"m{n}", "dispensation.record_submitted", "bench", body, JSON))
        for n, body in enumerate(bodies)
    ]
    batches = [deliveries[start : start + BATCH] for start in range(0, len(deliveries), BATCH)]
    with_trail, without = [], []
    for _ in range(given.rounds):
        without.append(asyncio.run(measured(batches, audited=False)))
        with_trail.append(asyncio.run(measured(batches, audited=True)))
    ratio = statistics.median(with_trail) / statistics.median(without)
    print(
        f"CPU a record: {statistics.median(without) * 1e6:.1f} µs without the trail, "
        f"{statistics.median(with_trail) * 1e6:.1f} µs with it: {ratio:.3f}"
    )


if __name__ == "__main__":
    main()
