"""Does the store slow down as it fills? Files of 5,000 records go through the processor, without a broker."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from bench.figures import Row, Size
from bench.load import FILE_KIND, file_body
from bench.stage import Stage
from messages.codec import Limits
from messages.envelope import ASAP, Envelope
from store.sqlite import open_sqlite
from workers.bootstrap import now, programme_of
from workers.process import Delivery, Processor
from workers.settings import load_settings

_RECORDS = 5_000
_SMALL_ROWS = 200_000
_WINDOW_FILES = 20


async def growth(stage: Stage, size: Size) -> list[Row]:
    """The rate of the last 100,000 rows at 0.2 million rows stored, and at the most."""
    store = await open_sqlite(await stage.fresh_store())
    settings = load_settings(amqp_url=stage.amqp_url, store=str(store.path), publishers={"bench": ("*",)})
    seconds: list[float] = []
    with ThreadPoolExecutor(2) as threads:
        processor = Processor(store, programme_of(settings), now, threads, Limits())
        for no in range(size.growth_rows // _RECORDS):
            body = await asyncio.to_thread(file_body, no, _RECORDS, datetime.now(UTC))
            delivery = Delivery(Envelope(f"growth-{no}", FILE_KIND, "bench", body, content_type=ASAP))
            begun = time.perf_counter()
            await processor.process([delivery])
            seconds.append(time.perf_counter() - begun)
    await store.close()
    small = _SMALL_ROWS // _RECORDS
    early, late = (_rate(seconds[end - _WINDOW_FILES : end]) for end in (small, len(seconds)))
    return [
        (f"records/s at {_SMALL_ROWS:,} rows stored", f"{early:,.0f}", ""),
        (f"records/s at {size.growth_rows:,} rows stored", f"{late:,.0f}", f"{late / early:.2f}x"),
    ]


def _rate(window: list[float]) -> float:
    return len(window) * _RECORDS / sum(window)
