"""A message that ends the process each time ends as a dead letter, and its neighbours are processed."""

from __future__ import annotations

from tests.fault.load import accounted, publish, settled, tickets
from tests.site import KILLER, Site, example_ticket, until


async def test_a_message_that_ends_the_process_becomes_a_dead_letter(site: Site) -> None:
    """A supervisor restarts the process each time; after four endings the message is dead and all others are done."""
    killer = example_ticket("t-killer", subject=KILLER)
    load = tickets(50)
    await publish(site.amqp_url, [*load[:25], killer, *load[25:]])
    for _ in range(4):
        assert await site.ended(await site.launch("worker")) == 9
    await site.start("worker")
    await until(lambda: settled(site.counted) == len(load) + 1, "all are settled")
    assert site.counted.states() == {"done": len(load), "dead": 1}
    assert site.counted.rows("SELECT code, attempts FROM dead_letters") == [("ends_the_process", 3)]
    assert site.counted.tickets() == [one.ticket_id for one in load]
    await accounted(site, len(load) + 1)
