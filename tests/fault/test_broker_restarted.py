"""A broker stopped or killed under load, and started again, loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio

import pytest

from messages.ticket import TicketOpened
from tests.fault.load import accounted, each_once, settled, under_load
from tests.site import Site, until
from workers.services.rabbitmq import Broker


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_a_broker_that_goes_away_under_load_loses_nothing(site: Site, rabbitmq: Broker, ending: str) -> None:
    """Publisher and worker connect again by themselves; every message has its effect exactly once."""
    load: list[TicketOpened] = []
    await site.start()
    async with under_load(site.amqp_url, load):
        await until(lambda: settled(site.counted) > 100, "the load has begun")
        await asyncio.to_thread(getattr(rabbitmq, ending))
        await asyncio.to_thread(rabbitmq.start)
    await each_once(site, load)
    await accounted(site, len(load))
