"""A message that nobody can read is a dead letter and holds up nobody."""

from __future__ import annotations

import asyncio

from messages.envelope import JSON
from tests.fault.load import accounted, publish, settled, tickets
from tests.site import Site, until
from workers.client import Publisher


async def test_poison_does_not_hold_up_its_neighbours(site: Site) -> None:
    """One unreadable message among 500: it is dead with its reason, the 500 are done."""
    load = tickets(500)
    await site.start("worker")
    async with Publisher(site.amqp_url, app_id="portal") as portal:
        bad = portal.publish_body("ticket.opened", b"\x00[[[", content_type=JSON, message_id="poison")
        await asyncio.gather(publish(site.amqp_url, load[:250]), bad, publish(site.amqp_url, load[250:]))
    await until(lambda: settled(site.counted) == len(load) + 1, "all are settled")
    assert site.counted.states() == {"done": len(load), "dead": 1}
    assert site.counted.dead() == ["not_json"]
    assert site.counted.tickets() == [one.ticket_id for one in load]
    await accounted(site, len(load) + 1)
