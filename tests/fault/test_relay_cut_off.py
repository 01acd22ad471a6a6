"""A relay cut off between publishing and the confirm publishes again: every event and answer arrives, and is marked sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from messages.codec import encode
from tests.fault.load import accounted, tickets
from tests.fault.wire import BASIC_ACK, proxy_to, through
from tests.site import Site, until
from workers.client import Publisher
from workers.topology.plan import EVENTS

Arrived = dict[str, list[bytes]]


@asynccontextmanager
async def listening(amqp_url: str) -> AsyncIterator[tuple[str, Arrived]]:
    """A queue that gets every event, and whatever is sent to its name; what has arrived, by message id."""
    arrived: Arrived = defaultdict(list)

    async def keep(message: AbstractIncomingMessage) -> None:
        if message.app_id == "pmp":  # the doctor's canary comes by as well
            arrived[str(message.message_id)].append(message.body)

    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue = await channel.declare_queue("listening")
        await queue.bind(EVENTS, "#")
        await queue.consume(keep, no_ack=True)
        yield queue.name, arrived


def states(site: Site) -> set[tuple[str, str, int]]:
    rows = site.counted.rows(
        "SELECT channel, state, count(*) FROM outbox WHERE channel <> 'mail' GROUP BY channel, state"
    )
    return {(channel, state, number) for channel, state, number in rows}


@pytest.mark.parametrize("fault", ["cut", "deaden"])
async def test_a_relay_cut_off_before_the_confirm_publishes_again(site: Site, fault: str) -> None:
    """RabbitMQ has them and the confirm is lost: sent again under the same id, every row ends as sent."""
    load = tickets(50)
    async with proxy_to(site.amqp_url) as proxy, listening(site.amqp_url) as (queue, arrived):
        await site.start("relay", amqp_url=through(proxy, site.amqp_url, heartbeat=1))
        proxy.when("server", BASIC_ACK, proxy.cut_all if fault == "cut" else proxy.deaden_all)
        async with Publisher(site.amqp_url, app_id="portal") as portal:
            for one in load:
                body, content_type = encode(one)
                await portal.publish_body(
                    one.kind, body, content_type=content_type, message_id=one.ticket_id, reply_to=queue
                )
        await site.start("worker")
        expected = {("event", "sent", len(load)), ("answer", "sent", len(load))}
        await until(lambda: states(site) == expected, "every event and answer is sent")
        assert proxy.happened == 1
        await accounted(site, len(load))
        await until(lambda: len(arrived) == 2 * len(load), "all have arrived")
        await until(lambda: any(len(bodies) > 1 for bodies in arrived.values()), "some have come again")
        assert all(len(set(bodies)) == 1 for bodies in arrived.values())
