"""A load of tickets, published to the last one whatever happens meanwhile, and the proof that each had its effect once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from messages.errors import BrokerAway
from messages.ticket import TicketOpened
from tests.site import Counted, Site, example_ticket, until
from workers.client import Publisher


def tickets(number: int) -> list[TicketOpened]:
    """So many tickets."""
    return [example_ticket(f"t{n:05}") for n in range(number)]


async def publish(amqp_url: str, load: Sequence[TicketOpened], *, at_once: int = 100) -> None:
    """Every ticket is confirmed by RabbitMQ, published again with the same id as often as it takes."""
    gate = asyncio.Semaphore(at_once)

    async def until_confirmed(portal: Publisher, one: TicketOpened) -> None:
        async with gate:
            while True:
                try:
                    await portal.publish(one, message_id=f"m-{one.ticket_id}")
                except BrokerAway:
                    continue  # its own pauses lie between
                return

    async with Publisher(amqp_url, app_id="portal") as portal:
        await asyncio.gather(*(until_confirmed(portal, one) for one in load))


@contextmanager
def under_load(amqp_url: str, load: Sequence[TicketOpened]) -> Iterator[asyncio.Task[None]]:
    """The load is being published; the task ends when all of it is confirmed."""
    task = asyncio.create_task(publish(amqp_url, load))
    try:
        yield task
    finally:
        task.cancel()


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
