"""The same message given to two workers at once has its effect once."""

from __future__ import annotations

import asyncio

from tests.fault.load import accounted, each_once, publish, tickets
from tests.site import Site


async def test_two_workers_that_get_the_same_messages_have_one_effect_each(site: Site) -> None:
    """Everything is published twice and two processes take it: one has the effect, the other knows it."""
    load = tickets(200)
    await asyncio.gather(site.start("worker"), site.start("worker"))
    await publish(site.amqp_url, [one for one in load for _ in range(2)])
    await each_once(site, load)
    await accounted(site, len(load))
    assert sum(line["messages"] for line in site.logged("settled", outcome="duplicate")) == len(load)
    assert sum(line["messages"] for line in site.logged("settled", outcome="done")) == len(load)
