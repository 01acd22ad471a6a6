"""Long random lives of tickets, minute by minute: whatever the order of acts, history, targets and notices agree."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest

from handlers.outcomes import Done
from store import tickets
from store.tickets import Act, Ticket
from tests.help_desk import opened, ticket_acts
from tests.unit.handlers.bench import Bench

STEPS = 120
PAUSES = [timedelta(minutes=1), timedelta(minutes=40), timedelta(hours=5), timedelta(days=3)]


async def _ticket(bench: Bench) -> Ticket:
    found = await bench.store.read(lambda tx: tickets.one(tx, "T-1"))
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_r75_any_life_of_a_ticket_adds_up(bench: Bench, seed: int) -> None:
    """Every step stands once; targets run only while it is open, one of each kind; each is told of at most once as missed."""
    chance = random.Random(seed)
    await bench.send(opened())
    acts: list[Act] = [*ticket_acts()]
    told: Counter[str] = Counter()
    steps = 1
    for _ in range(STEPS):
        bench.now += chance.choices(PAUSES, [8, 4, 4, 1])[0]
        category = chance.choice(["critical", "high", "medium", "low"])
        act = chance.choice([*acts, "reopened", "recategorised"])
        steps += isinstance(await bench.send(ticket_acts(category=category)[act]), Done)  # type: ignore[arg-type]
        told.update(one.key for one in await bench.sweep(date(2026, 6, 15), "ticket_targets") if one.key)
        ticket = await _ticket(bench)
        past = await bench.store.read(lambda tx, no=ticket.no: tickets.history(tx, no))  # type: ignore[misc]
        assert ticket.revision + 1 == len(past) == steps
        assert (past[-1].state, past[-1].category) == (ticket.state, ticket.category)
        running = await bench.count("ticket_targets WHERE ended_at IS NULL")
        assert running == (2 - (ticket.answered_at is not None) if ticket.state == "open" else 0)
        assert await bench.count(f"ticket_targets WHERE ended_at IS NULL AND period <> {ticket.period}") == 0
    assert steps > 20
    assert told
    assert set(told.values()) == {1}
    assert await bench.count(f"ticket_targets WHERE speaks_at <= '{bench.now.isoformat()}'") == 0
