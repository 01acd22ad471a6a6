"""A message that waits in the store and never ends its turn is watched as in a lane: it ends the process, and then it is dead."""

from __future__ import annotations

from messages.ticket import TicketAnswered
from tests.fault.load import accounted
from tests.site import STUCK, Site, example_ticket, until
from workers.client import Publisher
from workers.watchdog import EXIT_CODE


async def test_a_waiting_message_that_never_ends_becomes_a_dead_letter(file_site: Site) -> None:
    """It waited for its ticket; each time it has its turn the watchdog ends the relay, until its lost turns are counted."""
    file_site.more = {"PMP_HANDLER_SECONDS": "1.5", "PMP_LEASE_SECONDS": "5"}
    worker = await file_site.start("worker")
    async with Publisher(file_site.amqp_url, app_id="portal") as portal:
        await portal.publish(TicketAnswered(ticket_id="t1", actor="support@example.org", answer=STUCK))
        await until(lambda: file_site.counted.states() == {"waiting": 1}, "it waits for its ticket")
        await portal.publish(example_ticket("t1"))
        await until(lambda: file_site.counted.tickets() == ["t1"], "the ticket has come")
    assert await file_site.stop(worker) == 0
    for _ in range(3):
        assert await file_site.ended(await file_site.launch("relay")) == EXIT_CODE
    await file_site.start("relay")
    await until(lambda: file_site.counted.dead() == ["ends_the_process"], "it is dead")
    await accounted(file_site, 2)
