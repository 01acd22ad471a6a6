"""A worker killed in mid-batch under load loses nothing and doubles nothing."""

from __future__ import annotations

import signal

from tests.fault.load import each_once, settled, tickets, under_load
from tests.site import Site, until


async def test_a_worker_killed_in_mid_batch_loses_nothing_and_doubles_nothing(site: Site) -> None:
    """Killed (SIGKILL) three times under load and started again: every message has its effect exactly once."""
    load = tickets(3000)
    with under_load(site.amqp_url, load) as publishing:
        for killing in range(3):
            process = await site.start("worker")
            seen = settled(site.counted)
            await until(lambda seen=seen: settled(site.counted) > seen + 100, "the load has begun")  # type: ignore[misc]
            assert await site.stop(process, signal.SIGKILL) == -signal.SIGKILL
            assert settled(site.counted) < len(load), f"killing {killing} came too late to prove anything"
        await site.start("worker")
        await publishing
        await each_once(site, load)
    assert site.counted.number("SELECT count(*) FROM attempts") == 0
