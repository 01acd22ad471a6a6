"""A day of the United States: 1.64 million records in 20,000 files, from the queue to stored and reported."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Row, Size
from bench.load import FILE_KIND, file_body, fill
from bench.stage import Stage
from messages.errors import Misconfigured

_WORKERS = 2
_DEADLINE_SECONDS = 1800.0


async def day(stage: Stage, size: Size) -> list[Row]:
    """Two workers and a relay that writes each report as an e-mail into a folder; one round."""
    each, now = size.day_records // size.day_files, datetime.now(UTC)
    await fill(stage.amqp_url, FILE_KIND, (file_body(no, each, now) for no in range(size.day_files)))
    store, rows = await stage.fresh_store(), size.day_files * each
    settings = {
        "PMP_MAIL_FOLDER": str(stage.folder / "mail"),
        "PMP_PROGRAMME__MAILS_PER_RECIPIENT_HOUR": str(size.day_files),
    }
    begun = time.monotonic()
    with ExitStack() as stack:
        for _ in range(_WORKERS):
            stack.enter_context(stage.process("bench.worker", store, "worker", **settings))
        stack.enter_context(stage.process("bench.worker", store, "relay", **settings))
        stored = await _until(store, "SELECT count(*) FROM dispensations", rows) - begun
        mails = "SELECT count(*) FROM outbox WHERE channel = 'mail' AND state = 'sent'"
        reported = await _until(store, mails, size.day_files) - begun
    return [
        (f"{rows:,} records in {size.day_files:,} files: stored", f"{stored:.0f} s", f"{rows / stored:,.0f} records/s"),
        (
            "the same: every report written as an e-mail",
            f"{reported:.0f} s",
            f"{size.day_files / reported:,.0f} files/s",
        ),
    ]


async def _until(store: Path, count: str, number: int) -> float:
    """Return the moment at which a count has reached a number."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    with closing(sqlite3.connect(store, isolation_level=None, timeout=30)) as connection:
        while (found := connection.execute(count).fetchone()[0]) < number:
            if time.monotonic() > deadline:
                raise Misconfigured(f"Only {found} of {number} came.")
            await asyncio.sleep(1)
    return time.monotonic()
