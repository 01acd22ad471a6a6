"""Who waits in line for a thing has its turn in the order of arrival, and at once when the thing has come."""

from __future__ import annotations

import asyncio

from store import deferred, inbox
from store.contract import Store, Transaction
from store.deferred import Deferred
from tests.conformance.conftest import Gate, OpenStore
from tests.conformance.examples import NOW, WEEK, defer, later, lease, letter, take

THING = "ticket_id:T-1"


async def in_line(store: Store, *names: str, seconds: float = 60) -> list[int]:
    """These wait in line, in this order; their numbers."""
    return [await defer(store, letter(name), due_at=later(seconds), waits_for=THING, is_in_line=True) for name in names]


async def ended(store: Store, waiting: Deferred) -> None:
    """It waits no longer."""
    assert await store.write(lambda tx: deferred.take(tx, waiting))


async def woken(store: Store, *things: str) -> bool:
    """These things have come."""
    return await store.write(lambda tx: deferred.wake(tx, things, NOW))


async def test_the_messages_of_a_batch_are_numbered_as_they_came(store: Store) -> None:
    """Whatever their ids; what was seen before has no number."""
    await take(store, letter("m5"))
    taken = await take(store, letter("m9"), letter("m1"), letter("m5"), letter("m4"))
    assert [name for (_, name), _ in sorted(taken.items(), key=lambda one: one[1])] == ["m9", "m1", "m4"]


async def test_the_inbox_tells_whether_anyone_waits_for_a_thing(store: Store) -> None:
    """Not of those who only wait for another try."""
    await defer(store, letter("m1"))
    assert not (await store.write(lambda tx: claimed(tx, "m2"))).anyone_waits
    await defer(store, letter("m3"), waits_for="terms:2026-1")
    assert (await store.write(lambda tx: claimed(tx, "m4"))).anyone_waits


async def claimed(tx: Transaction, name: str) -> inbox.Claimed:
    return await inbox.claim_all(tx, [letter(name)], NOW)


async def test_nobody_overtakes_in_a_line(store: Store) -> None:
    """Due earlier or not: the next is free when the one before waits no longer."""
    await in_line(store, "m1", seconds=90)
    await in_line(store, "m2", "m3", seconds=1)
    assert await lease(store, at=later(60)) == []
    for name in ("m1", "m2", "m3"):
        (first,) = await lease(store, at=later(90))
        assert (first.envelope.message_id, first.waits_for, first.is_in_line) == (name, THING, True)
        assert await lease(store, at=later(90)) == []
        await ended(store, first)


async def test_all_who_wait_for_a_thing_are_due_when_it_comes(store: Store) -> None:
    """In line or not; whoever waits for something else is not."""
    await in_line(store, "m1")
    await defer(store, letter("m2"), due_at=later(60), waits_for=THING)
    await defer(store, letter("m3"), due_at=later(60), waits_for="ticket_id:T-2")
    assert not await woken(store, "ticket_id:T-3")
    assert await woken(store, THING, "ticket_id:T-3")
    assert [one.envelope.message_id for one in await lease(store)] == ["m1", "m2"]


async def test_without_a_line_nobody_waits_for_another(store: Store) -> None:
    """They wait for the same thing and come as they are due."""
    await in_line(store, "m1")
    await defer(store, letter("m2"), waits_for=THING)
    assert [one.envelope.message_id for one in await lease(store)] == ["m2"]


async def test_whose_time_is_over_stands_behind_nobody(store: Store) -> None:
    """It has its last turn, whoever is before it."""
    await in_line(store, "m1", seconds=8 * 24 * 3600)
    await in_line(store, "m2")
    assert await lease(store, at=later(60)) == []
    (last,) = await lease(store, at=NOW + WEEK)
    assert last.envelope.message_id == "m2"


async def test_the_first_of_each_line_is_told(store: Store) -> None:
    """Nobody is first where only such wait that stand in no line."""
    first, _ = await in_line(store, "m1", "m2")
    await defer(store, letter("m3"), waits_for="ticket_id:T-2")
    assert await store.read(lambda tx: deferred.lines(tx, {THING, "ticket_id:T-2", "x"})) == {THING: first}


async def test_who_stands_behind_another_has_no_time_of_its_own(store: Store) -> None:
    """What operators see as next due is what really can be next."""
    await in_line(store, "m1", seconds=60)
    await in_line(store, "m2", seconds=1)
    row = await store.read(lambda tx: tx.row("deferred.counts"))
    assert row is not None and row["next_due_at"] == later(60).isoformat().replace("+00:00", "Z")


async def test_a_thing_that_comes_during_a_vain_turn_is_not_missed(
    open_store: OpenStore, store: Store, gate: Gate
) -> None:
    """The turn began before it came and puts the message back for hours; it is due all the same when both are over."""
    await in_line(store, "m1", seconds=0)
    (waiting,) = await lease(store)
    other = await open_store()

    async def in_vain(tx: Transaction) -> None:
        assert await deferred.hold(tx, waiting)
        await gate.hold()
        await deferred.put(
            tx, seq=waiting.seq, envelope=waiting.envelope, code="ticket_unknown", text="Not yet.", attempts=9, now=NOW,
            due_at=later(6 * 3600), gives_up_at=NOW + WEEK, waits_for=THING, is_in_line=True,
        )  # fmt: skip
        assert not await deferred.take(tx, waiting)  # it was put back

    turn = asyncio.create_task(store.write(in_vain))
    await gate.reached.wait()
    wake = asyncio.create_task(woken(other, THING))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(turn, wake)
    assert [one.envelope.message_id for one in await lease(store)] == ["m1"]
