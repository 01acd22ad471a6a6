"""A store locked by somebody else holds the work up and nothing more."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from tests.fault.load import each_once, publish, settled, tickets, under_load
from tests.site import Site, locked, until


async def test_a_locked_store_holds_the_work_up_and_kills_nothing(site: Site) -> None:
    """Locked under load until the worker has said that it waits; then all is done, nothing dead, nothing counted."""
    load = tickets(1000)
    await site.start("worker")
    await publish(site.amqp_url, load[:100])
    await until(lambda: settled(site.counted) == 100, "the first are done")
    with ExitStack() as lock, under_load(site.amqp_url, load[100:]) as publishing:
        lock.enter_context(locked(site.folder / "pmp.db"))
        await asyncio.wait_for(publishing, 30)
        await until(lambda: "store_away" in site.log(), "the worker waits")
        assert settled(site.counted) == 100
        lock.close()
        await each_once(site, load)
