"""A connection cut while publishing, or while acknowledging, loses nothing and doubles nothing."""

from __future__ import annotations

from messages.ticket import TicketOpened
from tests.fault.load import accounted, each_once, publish, tickets, under_load
from tests.fault.wire import BASIC_ACK, BASIC_PUBLISH, proxy_to, through
from tests.site import Site, until


async def test_a_publisher_cut_off_publishes_again(file_site: Site) -> None:
    """Cut three times with confirms in flight: the same ids again, each message once."""
    site, load = file_site, list[TicketOpened]()
    await site.start("worker")
    async with proxy_to(site.amqp_url) as proxy:
        async with under_load(through(proxy, site.amqp_url), load):
            for cut in range(1, 4):
                proxy.when("client", BASIC_PUBLISH, proxy.cut_all)
                await until(lambda cut=cut: proxy.happened == cut, "a publishing was cut")  # type: ignore[misc]
                await until(lambda cut=cut: proxy.connections > cut, "the publisher is back")  # type: ignore[misc]
        await each_once(site, load)
    await accounted(site, len(load))


async def test_a_worker_cut_off_at_its_acknowledgement_processes_once(site: Site) -> None:
    """The commit is made, the acknowledgement never arrives, RabbitMQ delivers again: one effect each."""
    load = tickets(301)
    async with proxy_to(site.amqp_url) as proxy:
        await site.start("worker", amqp_url=through(proxy, site.amqp_url))
        for part in range(3):
            proxy.when("client", BASIC_ACK, proxy.cut_all)
            await publish(site.amqp_url, load[100 * part : 100 * (part + 1)])
            await until(lambda part=part: proxy.happened == part + 1, "an acknowledgement was cut")  # type: ignore[misc]
        await until(lambda: len(site.logged("connection_lost", queue="pmp.ticket")) == 3, "the worker has noticed each")
        # All may be committed by now and none acknowledged: one more tells that the worker is back, and has them again before it.
        await publish(site.amqp_url, load[300:])
        await each_once(site, load)
        await accounted(site, len(load))
    assert site.counted.states() == {"done": len(load)}
