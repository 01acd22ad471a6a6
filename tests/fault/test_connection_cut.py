"""A connection cut while publishing, or while acknowledging, loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit, urlunsplit

from tests.fault.load import each_once, publish, tickets, under_load
from tests.site import Site, until
from tests.tcp_proxy import TcpProxy

BASIC_PUBLISH = b"\x00\x3c\x00\x28"  # class 60, method 40
BASIC_ACK = b"\x00\x3c\x00\x50"  # class 60, method 80 (AMQP 0-9-1, 1.8.3.13)


def through(proxy: TcpProxy, amqp_url: str) -> str:
    parts = urlsplit(amqp_url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}"))


def proxy_to(amqp_url: str) -> TcpProxy:
    parts = urlsplit(amqp_url)
    return TcpProxy(parts.hostname or "", parts.port or 5672)


async def test_a_publisher_cut_off_publishes_again(site: Site) -> None:
    """Cut three times with confirms in flight: the same ids again, each message once."""
    load = tickets(1500)
    await site.start("worker")
    async with proxy_to(site.amqp_url) as proxy:
        with under_load(through(proxy, site.amqp_url), load) as publishing:
            for cut in range(1, 4):
                proxy.cut_when = BASIC_PUBLISH
                await until(lambda cut=cut: proxy.cuts == cut, "a publishing was cut")  # type: ignore[misc]
                await until(lambda cut=cut: proxy.connections > cut, "the publisher is back")  # type: ignore[misc]
            assert not publishing.done()
            await asyncio.wait_for(publishing, 60)
        await each_once(site, load)


async def test_a_worker_cut_off_at_its_acknowledgement_processes_once(site: Site) -> None:
    """The commit is made, the acknowledgement never arrives, RabbitMQ delivers again: one effect each."""
    load = tickets(300)
    async with proxy_to(site.amqp_url) as proxy:
        await site.start("worker", amqp_url=through(proxy, site.amqp_url))
        for part in range(3):
            proxy.cut_when = BASIC_ACK
            await publish(site.amqp_url, load[100 * part : 100 * (part + 1)])
            await until(lambda part=part: proxy.cuts == part + 1, "an acknowledgement was cut")  # type: ignore[misc]
        await each_once(site, load)
        await until(lambda: "connection_lost" in site.log(), "the worker has noticed")
        process = site.processes[0]
        assert await site.stop(process) == 0
    assert site.counted.states() == {"done": len(load)}
