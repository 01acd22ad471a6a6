"""A transaction is whole: it commits or leaves nothing, whatever happens to whoever asked for it."""

from __future__ import annotations

import asyncio

import pytest

from messages.errors import StoreAway
from store import inbox
from store.contract import Conflict, Store, Transaction
from tests.conformance.conftest import Gate, OpenStore
from tests.conformance.examples import NOW, letter, take


async def _count(tx: Transaction) -> int:
    return sum(row["number"] for row in await tx.rows("inbox.counts"))


async def _account(tx: Transaction, account_id: str, email: str) -> None:
    await tx.run(
        "accounts.insert", account_id=account_id, email=email, email_key=email.casefold(), role="Pharmacist",
        first_name="Robin", last_name="Example", password_hash="none", password_set_on="2026-11-24",
        password_expires_on="2027-02-22", approved_at="2026-11-24T08:41:42.123456Z", facility="",
    )  # fmt: skip


class _Bug(Exception):
    """Something that a unit raises."""


async def test_a_failing_unit_leaves_nothing(store: Store) -> None:
    """Its error reaches the caller unchanged, and the store goes on."""

    async def unit(tx: Transaction) -> None:
        await inbox.claim_all(tx, [letter("m1")], NOW)
        raise _Bug

    with pytest.raises(_Bug):
        await store.write(unit)
    assert await store.read(_count) == 0
    assert len(await take(store, letter("m1"))) == 1


async def test_a_lost_race_for_a_key_tells_no_value(store: Store) -> None:
    """The conflict names no value, neither in its text nor in what it carries along, and leaves nothing (R27)."""

    async def unit(tx: Transaction) -> None:
        await inbox.claim_all(tx, [letter("m1")], NOW)
        await _account(tx, "A1", "robin@example.org")
        await _account(tx, "A2", "ROBIN@example.org")

    with pytest.raises(Conflict) as caught:
        await store.write(unit)
    assert "robin" not in str(caught.value).casefold()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert await store.read(_count) == 0


async def test_two_writers_of_one_key_cannot_both_win(open_store: OpenStore, store: Store) -> None:
    """One commits, the other is told of a conflict; the key stands once."""
    other = await open_store()
    results = await asyncio.gather(
        store.write(lambda tx: _account(tx, "A1", "robin@example.org")),
        other.write(lambda tx: _account(tx, "A2", "robin@example.org")),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]


async def test_a_cancelled_write_is_whole(store: Store) -> None:
    """The caller goes away in the middle: both rows stand or none, and the store takes the next write."""
    loop = asyncio.get_running_loop()

    async def unit(tx: Transaction) -> None:
        await inbox.claim_all(tx, [letter("m1")], NOW)
        loop.call_soon_threadsafe(task.cancel)
        await inbox.claim_all(tx, [letter("m2")], NOW)

    task = asyncio.create_task(store.write(unit))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.read(_count) in (0, 2)
    assert len(await take(store, letter("m3"))) == 1


async def test_a_write_cancelled_at_once_is_whole(store: Store) -> None:
    """Cancelled before, while or after it began, it leaves all or nothing."""
    for turns in range(6):
        pair = [letter(f"m{turns}a"), letter(f"m{turns}b")]
        before = await store.read(_count)
        task = asyncio.create_task(take(store, *pair))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await store.read(_count) - before in (0, 2)


async def test_a_reader_does_not_wait_for_the_writer(store: Store, gate: Gate) -> None:
    """While a transaction is open readers see what stood before it; after its commit, what it left."""

    async def unit(tx: Transaction) -> None:
        await inbox.claim_all(tx, [letter("m1")], NOW)
        await gate.hold()

    writing = asyncio.create_task(store.write(unit))
    await asyncio.wait_for(gate.reached.wait(), 20)
    assert await asyncio.wait_for(store.read(_count), 5) == 0
    assert not writing.done()
    gate.open()
    await writing
    assert await store.read(_count) == 1


async def test_a_reader_sees_one_moment(store: Store, gate: Gate) -> None:
    """What is committed while it reads does not show, and the writer does not wait for it."""

    async def unit(tx: Transaction) -> list[int]:
        first = await _count(tx)
        await gate.hold()
        return [first, await _count(tx)]

    reading = asyncio.create_task(store.read(unit))
    await asyncio.wait_for(gate.reached.wait(), 20)
    await asyncio.wait_for(take(store, letter("m1")), 5)
    gate.open()
    assert await reading == [0, 0]


async def test_a_reader_cannot_write(store: Store) -> None:
    """A unit that was said to read only changes nothing."""
    with pytest.raises(StoreAway):
        await store.read(lambda tx: inbox.claim_all(tx, [letter("m1")], NOW))
    assert await store.read(_count) == 0


async def test_a_closed_store_is_away(open_store: OpenStore, store: Store) -> None:
    """Whoever asks a closed store is told so by our own error."""
    other = await open_store()
    await other.close()
    with pytest.raises(StoreAway):
        await other.read(_count)
    assert await store.read(_count) == 0
