"""A worker killed under load, wherever it is, loses nothing and doubles nothing."""

from __future__ import annotations

import signal

import pytest

from messages.ticket import TicketOpened
from tests.fault.load import accounted, each_once, publish, settled, tickets, under_load
from tests.site import Site, until


async def test_a_worker_killed_in_mid_batch_loses_nothing_and_doubles_nothing(site: Site) -> None:
    """Killed (SIGKILL) three times under load and started again: every message has its effect exactly once."""
    load: list[TicketOpened] = []
    for _ in range(3):
        process = await site.start("worker")
        seen = settled(site.counted)
        async with under_load(site.amqp_url, load):
            await until(lambda seen=seen: settled(site.counted) > seen + 100, "the load has begun")  # type: ignore[misc]
            assert await site.stop(process, signal.SIGKILL) == -signal.SIGKILL
    await site.start("worker")
    await each_once(site, load)
    await accounted(site, len(load))


@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
async def test_a_worker_killed_at_its_commit_has_each_effect_once(site: Site, point: str) -> None:
    """Inside the transaction nothing of it stands; between commit and acknowledgement all of it does, and is known again."""
    load = tickets(600)
    await publish(site.amqp_url, load)
    process = await site.launch("worker", struck=f"SIGKILL:{point}:2")
    assert await site.ended(process) == -signal.SIGKILL
    stood = site.counted.tickets()
    assert len(stood) < len(load), "the killing came too late to prove anything"
    assert site.counted.states() == ({"done": len(stood)} if stood else {})
    await site.start("worker")
    await each_once(site, load)
    await accounted(site, len(load))  # its last line is written when it has ended
    again = sum(line["messages"] for line in site.logged("settled", outcome="duplicate"))
    assert (again > 0) == (point == "after_commit")
