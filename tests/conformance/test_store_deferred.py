"""A waiting message has its turn when it is due, at one process, and again when that process dies."""

from __future__ import annotations

import asyncio

from store import deferred
from store.contract import Store
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW, WEEK, defer, later, lease, letter


async def test_a_message_comes_back_whole(store: Store) -> None:
    """Envelope, reason, attempts and times are what was put."""
    seq = await defer(store, letter())
    (waiting,) = await lease(store)
    assert waiting == deferred.Deferred(
        seq=seq, envelope=letter(), code="account_unknown", text="No account of this id exists.", attempts=2,
        lost_turns=0, handed_in_at=NOW, deferred_at=NOW, gives_up_at=NOW + WEEK,
    )  # fmt: skip


async def test_nobody_has_a_turn_before_it_is_due(store: Store) -> None:
    """Not a microsecond before; then once."""
    await defer(store, letter(), due_at=later(60))
    assert await lease(store, at=later(59.999999)) == []
    assert len(await lease(store, at=later(60))) == 1
    assert await lease(store, at=later(60)) == []


async def test_turns_come_in_the_order_of_their_times(store: Store) -> None:
    """The longest due first, no more than asked for."""
    for name, seconds in (("m1", 3), ("m2", 1), ("m3", 2)):
        await defer(store, letter(name), due_at=later(seconds))
    assert [one.envelope.message_id for one in await lease(store, at=later(9), most=2)] == ["m2", "m3"]
    assert [one.envelope.message_id for one in await lease(store, at=later(9))] == ["m1"]


async def test_two_processes_never_have_the_same_turn(open_store: OpenStore, store: Store) -> None:
    """Leasing at the same time they share what is due."""
    for number in range(10):
        await defer(store, letter(f"m{number}"))
    other = await open_store()
    mine, theirs = await asyncio.gather(lease(store, most=5), lease(other, most=5))
    numbers = [one.seq for one in (*mine, *theirs)]
    assert len(numbers) == len(set(numbers))
    rest = await lease(store)
    assert len(numbers) + len(rest) == 10


async def test_a_turn_whose_process_died_is_free_again(store: Store) -> None:
    """When the lease has run out another process may have it; the turn counts as lost."""
    await defer(store, letter())
    await lease(store, seconds=60)
    assert await lease(store, at=later(59)) == []
    (again,) = await lease(store, at=later(60))
    assert (again.attempts, again.lost_turns) == (3, 1)


async def test_only_the_present_holder_can_take(store: Store) -> None:
    """Who was too slow finds that the message has gone to another; who has it takes it once."""
    await defer(store, letter())
    (slow,) = await lease(store, seconds=60)
    (quick,) = await lease(store, at=later(61), seconds=60)
    assert not await store.write(lambda tx: deferred.take(tx, slow))
    assert await store.write(lambda tx: deferred.take(tx, quick))
    assert not await store.write(lambda tx: deferred.take(tx, quick))
    assert await lease(store, at=later(1000)) == []


async def test_a_second_wait_replaces_the_first(store: Store) -> None:
    """A message never waits twice: it has its new time, and its lease is over."""
    seq = await defer(store, letter())
    await lease(store)
    await store.write(
        lambda tx: deferred.put(
            tx,
            seq=seq,
            envelope=letter(),
            code="bug",
            text="Once more.",
            attempts=4,
            now=NOW,
            due_at=later(5),
            gives_up_at=NOW + WEEK,
        )
    )
    (row,) = await store.read(lambda tx: tx.rows("deferred.of_message", seq=seq))
    assert (row["seq"], row["code"], row["attempts"]) == (seq, "bug", 4)
    assert len(await lease(store, at=later(5))) == 1
