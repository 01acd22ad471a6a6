"""Several workers and relays at once: what waited for a ticket has its effect in the order of arrival, on both stores."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.work import Programme
from messages.codec import Limits, encode
from messages.envelope import Envelope
from messages.message import Message
from store.contract import Store
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW
from tests.help_desk import opened, ticket_acts
from tests.site import Counted
from workers.process import Delivery, Processor
from workers.relay.waiting import WaitingRelay

PROGRAMME = Programme(Policy(), Vault({}), ("a@example.org",), publishers=Publishers({"portal": ("*",)}))
ACTS = ("escalated", "answered", "resolved", "closed", "reopened", "assigned")
TICKETS = 6


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Where messages are prepared."""
    with ThreadPoolExecutor(1) as threads:
        yield threads


def _delivery(name: str, message: Message) -> Delivery:
    return Delivery(Envelope(name, message.kind, "portal", encode(message)[0]))


def _about(number: int) -> list[Delivery]:
    """The acts on a ticket; later ones have smaller ids."""
    acts = dict(ticket_acts(f"T-{number}"))
    return [_delivery(f"m{9 - place}-{number}", acts[act]) for place, act in enumerate(ACTS)]  # type: ignore[index]


async def _drained(processor: Processor) -> None:
    relay, idle = WaitingRelay(processor, 60), 0
    while idle < 20:
        idle = 0 if await relay.turn() else idle + 1


async def test_lines_are_drained_in_order_by_many(
    store: Store, open_store: OpenStore, store_url: str, threads: ThreadPoolExecutor
) -> None:
    """Acts come first or last; tickets come from another worker; three relays take turns meanwhile."""
    stores = [store, await open_store(), await open_store()]
    one, two, three = (Processor(each, PROGRAMME, lambda: NOW, threads, Limits()) for each in stores)
    lines = [_about(number) for number in range(TICKETS)]
    await one.process([delivery for line in lines for delivery in line[:3]])

    async def bring() -> None:
        for number in range(TICKETS):
            await two.process([_delivery(f"o{number}", opened(f"T-{number}"))])

    async def go_on() -> None:
        for line in lines:
            await one.process(line[3:])

    await asyncio.gather(bring(), go_on(), *(_drained(each) for each in (one, two, three)))
    later = [Processor(each, PROGRAMME, lambda: NOW + timedelta(hours=1), threads, Limits()) for each in stores]
    await asyncio.gather(*(_drained(each) for each in later))  # what came just when its ticket did waits out one pause
    counted = Counted(store_url)
    assert counted.states() == {"done": TICKETS * (1 + len(ACTS))}
    for number in range(TICKETS):
        found = counted.rows(
            "SELECT h.act FROM ticket_history h JOIN tickets t ON t.no = h.ticket_no WHERE t.ticket_id = ? ORDER BY h.no",
            f"T-{number}",
        )
        assert [row[0] for row in found] == ["opened", *ACTS]
