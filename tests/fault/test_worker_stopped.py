"""A worker that sleeps (SIGSTOP) and wakes loses nothing and doubles nothing, whoever got its messages meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

from messages.ticket import TicketOpened
from tests.fault.load import accounted, each_once, publish, settled, tickets
from tests.fault.wire import proxy_to, through
from tests.site import Site, is_server, until
from tests.tcp_proxy import TcpProxy

PREFETCH = 100
HEARTBEAT_SECONDS = 600
"""However long a test lets a worker sleep, the broker takes its messages back when the test cuts the line, and not before."""


async def asleep_beside_another(
    site: Site, proxy: TcpProxy, load: Sequence[TicketOpened], point: str
) -> asyncio.subprocess.Process:
    """Two workers get the load; one, connected by way of the proxy, has gone to sleep at its first commit."""
    site.more = {"PMP_PREFETCH": str(PREFETCH)}
    await site.start("worker")
    url = through(proxy, site.amqp_url, heartbeat=HEARTBEAT_SECONDS)
    sleeper = await site.start("worker", amqp_url=url, struck=f"SIGSTOP:{point}:1")
    await publish(site.amqp_url, load)
    await until(lambda: site.is_asleep(sleeper), "the worker sleeps")
    return sleeper


async def test_a_sleeping_worker_keeps_what_the_broker_gave_it(site: Site) -> None:
    """Another takes all the rest and nothing of that; awake again, it goes on where it was."""
    load = tickets(500)
    async with proxy_to(site.amqp_url) as proxy:
        sleeper = await asleep_beside_another(site, proxy, load, "after_commit")
        await until(lambda: settled(site.counted) >= len(load) - PREFETCH, "the other has done the rest")
        sleeper.send_signal(signal.SIGCONT)
        await each_once(site, load)
        await accounted(site, len(load))
    assert not site.logged("settled", outcome="duplicate")


async def test_what_a_sleeping_worker_had_committed_is_not_done_again(site: Site) -> None:
    """The broker takes its messages back for another, to whom the committed ones are known; awake, it begins anew."""
    load = tickets(400)
    async with proxy_to(site.amqp_url) as proxy:
        sleeper = await asleep_beside_another(site, proxy, load[:300], "after_commit")
        proxy.cut_all()
        await each_once(site, load[:300])
        await until(lambda: bool(site.logged("settled", outcome="duplicate")), "what was committed came again")
        sleeper.send_signal(signal.SIGCONT)
        await publish(site.amqp_url, load[300:])
        await each_once(site, load)
        await until(lambda: bool(site.logged("connection_lost")), "the sleeper has noticed")
        await accounted(site, len(load))


async def test_a_worker_that_sleeps_inside_its_transaction_commits_when_it_wakes(site: Site) -> None:
    """Another gets the same messages and has to wait for that transaction; then it knows them."""
    load = tickets(300)
    async with proxy_to(site.amqp_url) as proxy:
        sleeper = await asleep_beside_another(site, proxy, load, "before_commit")
        proxy.cut_all()
        await until(lambda: waits_for_a_transaction(site), "the other waits")
        assert settled(site.counted) < len(load)
        sleeper.send_signal(signal.SIGCONT)
        await each_once(site, load)
        await accounted(site, len(load))


def waits_for_a_transaction(site: Site) -> bool:
    """Whether the store has somebody wait; SQLite says so to the one who waits, PostgreSQL to whoever asks."""
    if not is_server(site.store):
        return bool(site.logged("store_away"))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return site.counted.number(waiting) > 0
