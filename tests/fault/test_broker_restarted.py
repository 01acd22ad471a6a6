"""A broker stopped or killed under load, and started again, loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio

import pytest

from tests.fault.load import accounted, each_once, settled, tickets, under_load
from tests.site import Site, until
from workers.services.rabbitmq import Broker


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_a_broker_that_goes_away_under_load_loses_nothing(site: Site, rabbitmq: Broker, ending: str) -> None:
    """Publisher and worker connect again by themselves; every message has its effect exactly once."""
    load = tickets(3000)
    await site.start()
    with under_load(site.amqp_url, load) as publishing:
        await until(lambda: settled(site.counted) > 100, "the load has begun")
        await asyncio.to_thread(getattr(rabbitmq, ending))
        try:
            assert settled(site.counted) < len(load), "the broker ended too late to prove anything"
        finally:
            await asyncio.to_thread(rabbitmq.start)
        await asyncio.wait_for(publishing, 120)
        await each_once(site, load)
    await accounted(site, len(load))
