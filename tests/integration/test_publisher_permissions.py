"""The table of publishers is kept twice: by the broker's own permissions, and by the workers (R61)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from handlers.publishers import Publishers
from messages.envelope import JSON
from messages.errors import BrokerAway
from tests.site import Site, example_ticket, site_on
from workers.client import Publisher
from workers.services.rabbitmq import Broker
from workers.topology.definitions import permissions_of
from workers.topology.management import Management, vhost_of
from workers.topology.users import publisher

USER = "portal-of-tickets"
TABLE = {USER: ("ticket.*",)}


@pytest.fixture
async def site(rabbitmq: Broker, amqp_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A declared site whose processes are gone afterwards."""
    site = await site_on(rabbitmq, amqp_url, tmp_path).declared()
    yield site
    await site.stop_all()


@pytest.fixture
async def management(rabbitmq: Broker, amqp_url: str) -> AsyncIterator[Management]:
    """The management API; the broker has the user for as long as the test runs."""
    assert rabbitmq.management_url
    management = Management(rabbitmq.management_url, vhost_of(amqp_url))
    await management.ask("PUT", f"users/{USER}", body={"password": "made-up", "tags": ""})
    yield management
    await management.ask("DELETE", f"users/{USER}")


def _as_user(amqp_url: str) -> str:
    parts = urlsplit(amqp_url)
    return urlunsplit(parts._replace(netloc=f"{USER}:made-up@{parts.hostname}:{parts.port}"))


async def test_r61_the_broker_stops_what_the_table_forbids(site: Site, management: Management) -> None:
    """With the written permissions a user sends its kinds, hears its answers, and nothing else comes through."""
    site.more["PMP_PUBLISHERS"] = '{"portal-of-tickets": ["ticket.*"]}'
    user = publisher(USER, "", Publishers(TABLE).kinds_of(USER))
    await management.ask("POST", "definitions", body=permissions_of([user], vhost=management.vhost))
    await site.start("worker", "relay")
    async with Publisher(_as_user(site.amqp_url), app_id="portal", attempts_max=1) as portal:
        assert (await portal.ask(example_ticket("t1"), timeout_seconds=20)).status == "accepted"
        with pytest.raises(BrokerAway):
            await portal.ask_body("mail.bounced", b"{}", content_type=JSON, message_id="m2", timeout_seconds=20)
        assert (await portal.ask(example_ticket("t2"), timeout_seconds=20)).status == "accepted"
    assert site.counted.states() == {"done": 2}


async def test_r61_the_workers_stop_what_the_broker_lets_through(site: Site, management: Management) -> None:
    """A user whose permissions are too wide is told so, and nothing is executed."""
    rights = {"configure": "", "write": ".*", "read": ""}
    await management.ask("PUT", f"permissions/{management.vhost}/{USER}", body=rights)
    site.more["PMP_PUBLISHERS"] = '{"portal-of-tickets": ["registration.*"]}'
    await site.start("worker", "relay")
    async with Publisher(_as_user(site.amqp_url), app_id="portal") as portal:
        answer = await portal.ask(example_ticket("t1"), timeout_seconds=20)
    assert (answer.status, answer.code) == ("failed", "not_authorised")
    assert site.counted.tickets() == []
    assert site.counted.dead() == ["not_authorised"]
