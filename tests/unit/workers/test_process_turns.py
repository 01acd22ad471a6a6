"""Process: what waits in the store has its turns, for what it builds on, after a failure, after an operator's replay."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from handlers.publishers import Publishers
from store import dead_letters
from store.audit import Operator
from tests.faulty_store import Fault, FaultyStore
from tests.unit.workers.processing import Bench, bench, registration, threads, ticket, withdrawal
from workers.relay.waiting import WaitingRelay

__all__ = ["bench", "threads"]  # fixtures


async def test_a_failing_message_is_tried_again_and_dies(bench: Bench) -> None:
    """Five failures in a row make a dead letter and one answer that says so."""
    bench.refuse_tickets_like("bad")
    await bench.take(ticket("bad"))
    for _ in range(4):
        assert await bench.wait_turn(hours=1) == 1
    assert bench.counted.states() == {"dead": 1}
    assert bench.counted.rows("SELECT code, attempts FROM dead_letters") == [("conflict", 5)]
    assert bench.answers() == [("failed", "conflict")]


async def test_a_failing_message_succeeds_once_the_cause_is_gone(bench: Bench) -> None:
    """A retry that succeeds is done and answered once."""
    bench.refuse_tickets_like("bad")
    await bench.take(ticket("bad"))
    bench.mend()
    await bench.wait_turn(minutes=1)
    assert bench.counted.states() == {"done": 1}
    assert bench.answers() == [("accepted", "")]


async def test_a_message_whose_failure_cannot_be_written_holds_up_no_other(bench: Bench) -> None:
    """It has lost its turn; the next one has its own, and with its lease this one is due again."""
    await bench.take(withdrawal("REG-1"), withdrawal("REG-2"))
    bench.clock.later(hours=1)
    relay = WaitingRelay(bench.processor, 120)
    bench.processor.store = FaultyStore(bench.store, [None, Fault(KeyError("a bug")), Fault(KeyError("a bug"))])
    with pytest.raises(KeyError):
        await relay.turn()
    assert await relay.turn() == 1
    assert bench.counted.rows("SELECT lost_turns FROM deferred ORDER BY seq") == [(0,), (0,)]
    bench.clock.later(seconds=120)
    await relay.turn()
    assert bench.counted.rows("SELECT attempts FROM deferred ORDER BY seq") == [(3,), (3,)]


async def test_r61_a_withdrawn_permission_stops_a_message_that_waits(bench: Bench) -> None:
    """It was taken while its sender might send it; when its turn comes it is no longer so."""
    await bench.take(withdrawal("REG-1"))
    assert bench.counted.states() == {"waiting": 1}
    bench.processor.programme = replace(bench.processor.programme, publishers=Publishers({"clerk": ("*",)}))
    await bench.wait_turn(hours=1)
    assert bench.counted.dead() == ["not_authorised"]


async def test_a_message_waits_for_what_it_builds_on(bench: Bench) -> None:
    """A withdrawal before its registration waits in the store and is done when the registration has come."""
    await bench.take(withdrawal("R1"))
    assert bench.counted.states() == {"waiting": 1}
    assert bench.answers() == []
    await bench.take(registration(bench, "R1"))
    assert await bench.wait_turn(minutes=2) == 1
    assert bench.counted.states() == {"done": 2}
    assert bench.answers() == [("accepted", "")] * 2
    assert bench.counted.number("SELECT count(*) FROM deferred") == 0


async def test_a_message_does_not_wait_for_ever(bench: Bench) -> None:
    """After its days it is a dead letter that names what was missing."""
    await bench.take(withdrawal("R1"))
    for _ in range(8 * 4):
        await bench.wait_turn(hours=6, minutes=1)
    assert bench.counted.states() == {"dead": 1}
    assert bench.counted.dead() == ["registration_unknown"]
    assert bench.answers() == [("failed", "registration_unknown")]


async def test_turns_spent_waiting_are_no_failures(bench: Bench) -> None:
    """A message that waited long and then fails once is tried again, not dead."""
    await bench.take(withdrawal("R1"))
    for _ in range(8):
        await bench.wait_turn(hours=6, minutes=1)
    await bench.take(registration(bench, "R1"))
    with closing(sqlite3.connect(bench.counted.path)) as connection:
        connection.execute("CREATE TRIGGER bad BEFORE UPDATE ON registrations BEGIN SELECT RAISE(ABORT, 'bad'); END")
    await bench.wait_turn(hours=6, minutes=1)
    assert bench.counted.states() == {"done": 1, "waiting": 1}
    bench.mend()
    await bench.wait_turn(hours=6)
    assert bench.counted.states() == {"done": 2}


async def test_a_dead_letter_has_its_turn_again(bench: Bench) -> None:
    """Replayed after the cause is gone, it is done; the dead letter stays, marked with operator and reason."""
    bench.refuse_tickets_like("bad")
    await bench.take(ticket("bad"))
    for _ in range(4):
        await bench.wait_turn(hours=1)
    bench.mend()
    no = bench.counted.number("SELECT no FROM dead_letters")
    for expected in (True, False):
        again = await bench.store.write(
            lambda tx: dead_letters.replay(
                tx, no, operator=Operator("op"), why="mended", now=bench.clock.now, gives_up_at=bench.clock.now
            )
        )
        assert again is expected
    await bench.wait_turn(seconds=1)
    assert bench.counted.states() == {"done": 1}
    assert bench.counted.rows("SELECT state, resolved_by FROM dead_letters") == [("replayed", "op")]
    assert bench.answers() == [("failed", "conflict"), ("accepted", "")]
