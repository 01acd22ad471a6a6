"""A load of tickets, published to the last one whatever happens meanwhile, and the proof that each had its effect once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from messages.errors import BrokerAway
from messages.ticket import TicketOpened
from tests.site import Counted, Site, example_ticket, until
from workers.client import Publisher

_AT_ONCE = 100


def tickets(number: int) -> list[TicketOpened]:
    """So many tickets."""
    return [example_ticket(f"t{n:05}") for n in range(number)]


async def publish(amqp_url: str, load: Sequence[TicketOpened]) -> None:
    """Every ticket is confirmed by RabbitMQ, published again with the same id as often as it takes."""
    left = iter(load)
    async with Publisher(amqp_url, app_id="portal") as portal:
        await asyncio.gather(*(_publish_each(portal, left) for _ in range(_AT_ONCE)))


@asynccontextmanager
async def under_load(amqp_url: str, load: list[TicketOpened]) -> AsyncIterator[None]:
    """Inside the block ever new tickets are published and added to the load; when it has ended all of them are confirmed.

    A load of a number would be over some day, and what was to strike in its midst came too late on a busy machine.
    """
    is_over = False

    def ever_new() -> Iterator[TicketOpened]:
        while not is_over:
            load.append(example_ticket(f"t{len(load):05}"))
            yield load[-1]

    async with Publisher(amqp_url, app_id="portal") as portal:
        publishing = asyncio.gather(*(_publish_each(portal, ever_new()) for _ in range(_AT_ONCE)))
        try:
            yield
            is_over = True
            await asyncio.wait_for(publishing, 120)
        finally:
            publishing.cancel()


async def _publish_each(portal: Publisher, tickets: Iterator[TicketOpened]) -> None:
    for one in tickets:
        while True:
            try:
                await portal.publish(one, message_id=f"m-{one.ticket_id}")
            except BrokerAway:
                continue  # its own pauses lie between
            break


def settled(counted: Counted) -> int:
    """How many messages have an outcome."""
    return sum(counted.states().values())


async def each_once(site: Site, load: Sequence[TicketOpened], *, seconds: float = 60) -> None:
    """Every ticket of the load is there once, with its notices once; nothing is dead, waiting or counted as an attempt.

    Patience ends when nothing moved for so long: how fast a busy machine is, is not what is tried.
    """
    reached = 0
    while reached < len(load):
        before = reached
        missing = f"more than {before} of {len(load)} settled"
        await until(lambda before=before: settled(site.counted) > before, missing, seconds=seconds)  # type: ignore[misc]
        reached = settled(site.counted)
    assert site.counted.states() == {"done": len(load)}
    assert site.counted.tickets() == sorted(one.ticket_id for one in load)
    assert site.counted.staged("ticket.opened_administrators") == len(load)
    assert site.counted.dead() == []


async def accounted(site: Site, taken: int) -> None:
    """Whatever still runs ends in order, and then ``pmp reconcile`` finds each message in one place, none of them a queue."""
    for process in site.processes:
        if process.returncode is None:
            assert await site.stop(process) == 0, site.log()[-2000:]
    code, told = await site.pmp("reconcile", "--json")
    found = json.loads(told)
    assert (code, found["clean"], found["offences"]) == (0, True, [])
    assert found["taken"] == taken
    assert sum(queue["depth"] for queue in found["queues"]) == 0
    assert site.counted.number("SELECT count(*) FROM attempts") == 0
