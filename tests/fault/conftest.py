"""What every fault test needs: a declared site of its own, whose processes are gone afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.site import Site, site_on
from workers.services.rabbitmq import Broker


@pytest.fixture
async def site(rabbitmq: Broker, amqp_url: str, tmp_path: Path, store_url: str) -> AsyncIterator[Site]:
    """A site on each engine."""
    site = await site_on(rabbitmq, amqp_url, tmp_path, store_url).declared()
    yield site
    await site.stop_all()


@pytest.fixture
async def file_site(rabbitmq: Broker, amqp_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A site on a file, where the store has no part in what is tried."""
    site = await site_on(rabbitmq, amqp_url, tmp_path).declared()
    yield site
    await site.stop_all()
