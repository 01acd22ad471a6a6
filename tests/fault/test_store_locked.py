"""A store locked by somebody else holds the work up and nothing more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from tests.fault.load import accounted, each_once, publish, settled, tickets
from tests.site import Site, is_server, locked, until

LOCKED_SECONDS = 10.0


@asynccontextmanager
async def write_lock(store: str) -> AsyncIterator[None]:
    """Nobody else can write into the inbox; reading is free."""
    if not is_server(store):
        with locked(Path(store)):
            yield
        return
    connection = await asyncpg.connect(store)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE inbox IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_a_store_locked_for_ten_seconds_holds_the_work_up_and_kills_nothing(site: Site) -> None:
    """Under load, longer than SQLite waits by itself: nothing is settled meanwhile, then all is done, nothing dead."""
    load = tickets(1000)
    await site.start("worker")
    await publish(site.amqp_url, load[:100])
    await until(lambda: settled(site.counted) == 100, "the first are done")
    async with write_lock(site.store):
        begun = time.monotonic()
        await publish(site.amqp_url, load[100:])  # not before: what was committed while the lock is got would count
        if not is_server(site.store):
            await until(lambda: bool(site.logged("store_away")), "the worker says that it waits")
        await until(lambda: time.monotonic() > begun + LOCKED_SECONDS, "ten seconds")
        assert settled(site.counted) == 100
    await each_once(site, load)
    await accounted(site, len(load))


async def test_a_worker_that_starts_beside_a_long_transaction_waits_for_its_end(file_site: Site) -> None:
    """Longer than SQLite waits by itself: the log says what for, and then the worker works."""
    site = file_site
    await site.stop(await site.start("scheduler"))  # the tables are there
    async with write_lock(site.store):
        starting = asyncio.create_task(site.start("worker"))
        await until(lambda: bool(site.logged("waits_for_store")), "the process says that it waits")
        assert not starting.done()
    await starting
    load = tickets(10)
    await publish(site.amqp_url, load)
    await each_once(site, load)
    await accounted(site, len(load))
