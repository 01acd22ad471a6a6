"""A store whose file is damaged is nothing to wait for: the process ends and says so, and the messages stay with the broker."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aio_pika
import pytest

from tests.fault.load import publish, tickets
from tests.site import Site


def damaged(path: Path) -> None:
    """All but the first page is something else now, and no log brings the former pages back."""
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


async def ready_in(site: Site, queue: str) -> int:
    async with await aio_pika.connect(site.amqp_url) as connection, connection.channel() as channel:
        return (await channel.declare_queue(queue, passive=True)).declaration_result.message_count or 0


@pytest.mark.parametrize("roles", [("worker",), ("worker", "relay", "scheduler")], ids=" ".join)
async def test_a_damaged_store_ends_every_role(file_site: Site, roles: tuple[str, ...]) -> None:
    """Whichever meets it first: nothing is acknowledged, dead or tried without end."""
    process = await file_site.start(*roles)
    damaged(Path(file_site.store))
    await publish(file_site.amqp_url, tickets(3))
    assert await file_site.ended(process) == 1
    assert "StoreUnusable: The store's file is damaged (SQLITE_CORRUPT" in file_site.log()
    async with asyncio.timeout(30):
        while await ready_in(file_site, "pmp.ticket") < 3:
            await asyncio.sleep(0.05)
