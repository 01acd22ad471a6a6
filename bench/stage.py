"""One broker, fresh stores, processes started and ended; rates are read off the store while they work."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aio_pika

from bench.load import user
from messages.errors import Misconfigured
from store.sqlite import open_sqlite

_DEADLINE_SECONDS = 600.0


@dataclass(slots=True)
class Stage:
    """Where a run happens."""

    amqp_url: str
    management_url: str
    folder: Path
    stores: int = 0

    async def fresh_store(self) -> Path:
        """Give an empty store with today's tables."""
        self.stores += 1
        path = self.folder / f"{self.stores}.db"
        store = await open_sqlite(path)
        await store.migrate()
        await store.close()
        return path

    @contextmanager
    def process(
        self, module: str, store: Path | str, *arguments: str, **extra: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a module beside us; it gets SIGTERM at the end, and what it said when it failed is shown."""
        environment = os.environ | {
            "PMP_AMQP_URL": self.amqp_url, "PMP_MANAGEMENT_URL": self.management_url, "PMP_STORE": str(store),
            "PMP_PUBLISHERS": json.dumps({user(self.amqp_url): ["*"]}),
        } | extra  # fmt: skip
        said = self.folder / f"{module}.log"
        with said.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], env=environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            if process.wait(60) not in (0, -signal.SIGTERM):
                print(said.read_text()[-2000:])

    def said(self, module: str) -> str:
        """What the module's last process printed."""
        return (self.folder / f"{module}.log").read_text()

    async def rate(self, store: Path, rows: int, processes: Sequence[subprocess.Popen[bytes]], begin: int = 0) -> float:
        """Rows committed per second, from the first fiftieth on (start-up is not the subject) to the last row."""
        with reading(store) as count:
            deadline = time.monotonic() + _DEADLINE_SECONDS
            first: tuple[float, int] | None = None
            while True:
                seen = count() - begin
                now = time.monotonic()
                if first is None and seen >= rows // 50:
                    first = now, seen
                if seen >= rows and first is not None:
                    return (seen - first[1]) / (now - first[0]) if now > first[0] else float("nan")
                if now > deadline or any(process.poll() is not None for process in processes):
                    raise Misconfigured(f"Only {seen} of {rows} rows came; a process ended, or none works.")
                await asyncio.sleep(0.01)

    async def depth(self, queue: str) -> int:
        """How many messages the queue still holds ready."""
        connection = await aio_pika.connect(self.amqp_url)
        async with connection:
            channel = await connection.channel()
            found = await channel.declare_queue(queue, passive=True)
            return found.declaration_result.message_count or 0

    async def consumed(self, queue: str, process: subprocess.Popen[bytes]) -> None:
        """Somebody consumes the queue."""
        connection = await aio_pika.connect(self.amqp_url)
        async with connection:
            channel = await connection.channel()
            for _ in range(600):
                found = await channel.declare_queue(queue, passive=True)
                if found.declaration_result.consumer_count:
                    return
                if process.poll() is not None:
                    break
                await asyncio.sleep(0.1)
        raise Misconfigured(f"Nobody consumes {queue}.")


class Count:
    """How many records the store holds, cheaply: rows are never deleted."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __call__(self) -> int:
        """Give the number of records stored."""
        return int(self._connection.execute("SELECT coalesce(max(rowid), 0) FROM dispensations").fetchone()[0])


@contextmanager
def reading(store: Path) -> Iterator[Count]:
    """Look into a store without disturbing it."""
    connection = sqlite3.connect(store, isolation_level=None, timeout=30)
    try:
        yield Count(connection)
    finally:
        connection.close()


def peak_mib(process: subprocess.Popen[bytes]) -> float:
    """The most memory the process ever had."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")
