"""The main path on a real broker: from a publisher's message to its effect, its answer and its e-mail."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from messages.envelope import JSON
from messages.registry import families
from messages.ticket import TicketOpened
from tests.fault.load import each_once, settled, under_load
from tests.site import Site, example_ticket, site_on, until
from workers.broker import open_connection
from workers.client import Publisher, new_message_id
from workers.services.rabbitmq import Broker
from workers.topology.plan import DEAD, UNROUTED, queues_of


@pytest.fixture
async def site(rabbitmq: Broker, amqp_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    site = await site_on(rabbitmq, amqp_url, tmp_path).declared()
    yield site
    await site.stop_all()


async def test_a_worker_that_calls_itself_ready_consumes_every_queue(site: Site) -> None:
    """Who starts the portal after the worker's word, or changes its login then, meets a worker at work."""
    queues = {queue for family in families() for queue in queues_of(family)} | {DEAD, UNROUTED}
    await site.start("worker")
    async with await open_connection(site.amqp_url, name="test") as connection:
        channel = await connection.channel()
        for queue in queues:
            assert (await channel.declare_queue(queue, passive=True)).declaration_result.consumer_count == 1, queue


async def test_every_sender_is_answered(site: Site) -> None:
    """Accepted, refused and failed come back to the sender; the mails of the accepted one leave; SIGTERM ends in order."""
    process = await site.start()
    async with Publisher(site.amqp_url, app_id="portal") as portal:
        ticket, message_id = example_ticket("t1"), new_message_id()
        first = await portal.ask(ticket, message_id=message_id, timeout_seconds=20)
        again = await portal.ask(ticket, message_id=message_id, timeout_seconds=20)
        other = await portal.ask(ticket, timeout_seconds=20)
        bad = await portal.ask_body("ticket.opened", b"{}", content_type=JSON, message_id="bad", timeout_seconds=20)
    assert (first.status, other.status, other.code) == ("accepted", "refused", "ticket_exists")
    assert again == first
    assert (bad.status, bad.code, bad.message_id) == ("failed", "invalid", "bad")
    assert site.counted.states() == {"done": 1, "refused": 1, "dead": 1}
    mails = "SELECT count(*) FROM outbox WHERE channel = 'mail' AND state = 'sent'"
    await until(lambda: site.counted.number(mails) == 2, "both mails are sent")
    assert len(list((site.folder / "mail").glob("*.eml"))) == 2
    assert await site.stop(process) == 0


async def test_a_kind_without_a_queue_is_answered(site: Site) -> None:
    """What no queue takes is not lost: it stands in the dead letters and its sender is told."""
    await site.start()
    async with Publisher(site.amqp_url, app_id="portal") as portal:
        answer = await portal.ask_body("nonsense.kind", b"{}", content_type=JSON, message_id="m1", timeout_seconds=20)
    assert (answer.status, answer.code) == ("failed", "unknown_kind")
    assert site.counted.rows("SELECT origin, code, kind FROM dead_letters") == [
        ("unrouted", "unknown_kind", "nonsense.kind")
    ]


async def test_sigterm_under_load_drains_and_loses_nothing(site: Site) -> None:
    """A process told to stop in mid-load finishes what it has taken; the next one does the rest."""
    load: list[TicketOpened] = []
    process = await site.start("worker")
    async with under_load(site.amqp_url, load):
        await until(lambda: settled(site.counted) > 50, "the load has begun")
        assert await site.stop(process, signal.SIGTERM) == 0
    await site.start("worker")
    await each_once(site, load)
    assert site.counted.number("SELECT count(*) FROM attempts") == 0
