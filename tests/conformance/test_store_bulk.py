"""Bulk inserts and sweep runs: how many were new is told exactly, by either way into the table."""

from __future__ import annotations

import asyncio

import pytest

from store import dispensations
from store.contract import Store, Transaction
from store.dispensations import Content, Counts, identity_of
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW

FEW, MANY = 10, 200  # below and above the number from which PostgreSQL takes rows through a staging table


def _content(number: int, quantity: str = "30") -> Content:
    return Content(
        "AB1234563", f"RX{number:05}", "2026-11-20", 0, quantity, 0, "active", "2026-11-24", "2026-11-19", 10,
        "00093005801", "AB1234563", "1234567893", "EXÄMPLE", "ROBIN\tT", "1980-01-01", "F", "06103", "01", "04",
        "DSP*00*\\N~", "",
    )  # fmt: skip


async def _insert(store: Store, *contents: Content) -> int:
    return await store.write(lambda tx: tx.insert_all("dispensations.insert", [(*one, 1) for one in contents]))


@pytest.mark.parametrize("number", [FEW, MANY])
async def test_the_number_of_new_rows_is_told(store: Store, number: int) -> None:
    """Twins within the batch and rows that stood there before are not counted."""
    contents = [_content(each) for each in range(number)]
    assert await _insert(store, *contents, *contents) == number
    assert await _insert(store, *contents, _content(number)) == 1
    assert await _insert(store, *contents) == 0
    assert await _insert(store) == 0


async def test_rows_come_back_as_they_were(store: Store) -> None:
    """Tabs, backslashes and letters of any script pass the bulk way unharmed."""
    await _insert(store, *(_content(each) for each in range(MANY)))
    counts = Counts()

    async def unit(tx: Transaction) -> object:
        await dispensations.revise(tx, _content(7), now=NOW, seq=2, counts=counts)
        row = await tx.row("dispensations.one", **identity_of(_content(7)))
        return (row["state"], row["revision"], row["seq"]) if row else None

    assert await store.write(unit) == ("active", 2, 2)
    assert counts.revised == 1


async def test_the_bulk_way_is_open_twice_in_one_transaction(store: Store) -> None:
    """Each batch of a large file counts for itself."""

    async def unit(tx: Transaction) -> list[int]:
        halves = [[(*_content(each), 1) for each in range(start, start + MANY)] for start in (0, MANY // 2)]
        return [await tx.insert_all("dispensations.insert", half) for half in halves]

    assert await store.write(unit) == [MANY, MANY // 2]


async def test_two_files_at_once_store_each_record_once(open_store: OpenStore, store: Store) -> None:
    """The same records from two workers in the same order: each is new for one of them."""
    other = await open_store()
    contents = [_content(each) for each in range(MANY)]
    assert sum(await asyncio.gather(_insert(store, *contents), _insert(other, *contents))) == MANY


async def test_writes_are_counted(store: Store) -> None:
    """A transaction knows whether it changed anything: what changes nothing does not count."""

    async def unit(tx: Transaction) -> list[int]:
        seen = [tx.writes]
        for work in (
            tx.insert_all("dispensations.insert", [(*_content(1), 1)]),
            tx.insert_all("dispensations.insert", [(*_content(1), 1)]),
            tx.run("outbox.judge", no=1, state="due", due_at=""),
            tx.rows("outbox.unknown", most=1),
            tx.run("inbox.set_attempts", sender="portal", message_id="m1", count=1),
        ):
            before = tx.writes
            await work
            seen.append(tx.writes - before)
        return seen

    assert await store.write(unit) == [0, 1, 0, 0, 0, 1]


async def _claim_run(store: Store, day: str) -> int:
    return await store.write(
        lambda tx: tx.run("sweeps.claim", sweep="password_expiry", for_date=day, ran_at="now", ran_by="a")
    )


async def test_a_sweep_is_claimed_once_for_a_day(open_store: OpenStore, store: Store) -> None:
    """By one of two schedulers at once, and never again; another day is another run."""
    other = await open_store()
    claimed = await asyncio.gather(_claim_run(store, "2026-11-24"), _claim_run(other, "2026-11-24"))
    assert sorted(claimed) == [0, 1]
    assert await _claim_run(store, "2026-11-24") == 0
    assert await _claim_run(store, "2026-11-25") == 1
