"""A connection that goes dead without a word is noticed by its heartbeats; nothing is lost and nothing doubled."""

from __future__ import annotations

from messages.ticket import TicketOpened
from tests.fault.load import accounted, each_once, publish, tickets, under_load
from tests.fault.wire import BASIC_ACK, BASIC_PUBLISH, proxy_to, through
from tests.site import Site, until

HEARTBEAT_SECONDS = 1  # given up after (1 + 1) * 3 s; a site's is 15 s, which a test has no time for


async def test_a_publisher_on_a_dead_line_publishes_again(file_site: Site) -> None:
    """Dead in mid-publishing: no confirm comes, the heartbeats stop, the same ids go over a new connection."""
    site, load = file_site, list[TicketOpened]()
    await site.start("worker")
    async with proxy_to(site.amqp_url) as proxy:
        proxy.when("client", BASIC_PUBLISH, proxy.deaden_all)
        async with under_load(through(proxy, site.amqp_url, heartbeat=HEARTBEAT_SECONDS), load):
            await until(lambda: proxy.happened == 1, "the line is dead")
        assert proxy.connections > 1
        await each_once(site, load)
    await accounted(site, len(load))


async def test_a_worker_on_a_dead_line_processes_once(site: Site) -> None:
    """Dead at the acknowledgement: RabbitMQ takes the messages back, the worker connects anew and knows them again."""
    load = tickets(200)
    async with proxy_to(site.amqp_url) as proxy:
        await site.start("worker", amqp_url=through(proxy, site.amqp_url, heartbeat=HEARTBEAT_SECONDS))
        proxy.when("client", BASIC_ACK, proxy.deaden_all)  # only now: the doctor's canary is acknowledged at the start
        await publish(site.amqp_url, load)
        await until(lambda: proxy.happened == 1, "the line is dead")
        await until(lambda: bool(site.logged("settled", outcome="duplicate")), "what was committed came again")
        await each_once(site, load)
        assert site.logged("connection_lost")
        await accounted(site, len(load))
