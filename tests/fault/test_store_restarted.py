"""A store that goes away under load, and comes back, loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from messages.ticket import TicketOpened
from tests.fault.load import accounted, each_once, settled, under_load
from tests.site import site_on, until
from workers.services.postgres import Database
from workers.services.rabbitmq import Broker


@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_a_postgresql_that_goes_away_under_load_loses_nothing(
    rabbitmq: Broker, amqp_url: str, postgres: Database, fresh_postgres_url: str, tmp_path: Path, ending: str
) -> None:
    """The worker waits and says so; what was cut at its commit has its effect once all the same."""
    site = await site_on(rabbitmq, amqp_url, tmp_path, fresh_postgres_url).declared()
    server, load = postgres.started_here(), list[TicketOpened]()
    try:
        await site.start("worker")
        async with under_load(site.amqp_url, load):
            await until(lambda: settled(site.counted) > 100, "the load has begun")
            await asyncio.to_thread(getattr(server, ending))
        try:
            await until(lambda: bool(site.logged("store_away")), "the worker waits")
        finally:
            await asyncio.to_thread(server.start)
        await each_once(site, load)
        await accounted(site, len(load))
    finally:
        await site.stop_all()
