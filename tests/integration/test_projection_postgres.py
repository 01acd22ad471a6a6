"""PostgreSQL commits a smaller number after a greater one; the projection passes neither over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from store.contract import Store, Transaction
from store.postgres import PostgresStore, open_postgres
from tests.records import PROGRAMME, bring, brings, know_drugs, record
from tests.tables import rows
from workers.projection import TreatmentsProjection

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)


@pytest.fixture
async def store(fresh_postgres_url: str) -> AsyncIterator[PostgresStore]:
    """An empty store that knows drugs."""
    opened = await open_postgres(fresh_postgres_url, connections=5)
    await opened.migrate()
    await know_drugs(opened)
    yield opened
    await opened.close()


@asynccontextmanager
async def holding(store: Store, body: dict[str, Any]) -> AsyncIterator[None]:
    """A worker has taken a record and its number, and does not commit before the end of the block."""
    taken, goes_on = asyncio.Event(), asyncio.Event()

    async def unit(tx: Transaction) -> None:
        await brings(body)(tx)
        taken.set()
        await goes_on.wait()

    task = asyncio.create_task(store.write(unit))
    async with asyncio.timeout(20):
        await taken.wait()
        try:
            yield
        finally:
            goes_on.set()
            await task


async def read(store: Store) -> list[str]:
    """The numbers of the records that were read."""
    found = await rows(store, "SELECT prescription_number FROM patient_records ORDER BY 1")
    return [number for (number,) in found]


async def project(projection: TreatmentsProjection, turns: int = 8) -> None:
    """Some turns are taken, whether or not there is something to do."""
    for _ in range(turns):
        await projection.turn()


async def test_a_smaller_number_committed_later_is_not_passed_over(store: PostgresStore) -> None:
    """While one worker holds number 1, number 2 is not read; both are when the first has committed."""
    projection = TreatmentsProjection(store, PROGRAMME, lambda: NOW, "one")
    async with holding(store, record("1")):
        await bring(store, record("2"))
        await project(projection)
        assert await read(store) == []
    await project(projection)
    assert await read(store) == ["1", "2"]


async def test_a_number_that_was_rolled_back_holds_nothing_up(store: PostgresStore) -> None:
    """A gap in the numbers is a gap for ever; the projection goes on."""
    projection = TreatmentsProjection(store, PROGRAMME, lambda: NOW, "one")

    async def fails(tx: Transaction) -> None:
        await brings(record("1"))(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(fails)
    await bring(store, record("2"))
    await project(projection)
    assert await read(store) == ["2"]


async def test_workers_that_are_always_writing_do_not_stop_it(store: PostgresStore) -> None:
    """There is a writer at every moment, another each time: what was taken before the present one began is read."""
    projection = TreatmentsProjection(store, PROGRAMME, lambda: NOW, "one")
    async with AsyncExitStack() as next_one:
        async with holding(store, record("1")):
            await bring(store, record("2"))
            await project(projection)
            assert await read(store) == []
            await next_one.enter_async_context(holding(store, record("3")))
        await project(projection)
        assert await read(store) == ["1", "2"]
    await project(projection)
    assert await read(store) == ["1", "2", "3"]


async def test_any_interleaving_of_workers_is_read_whole(store: PostgresStore) -> None:
    """Forty records by four workers at once, while the projection takes its turns: none is missing in the end."""
    projection = TreatmentsProjection(store, PROGRAMME, lambda: NOW, "one")

    async def worker(number: int) -> None:
        for one in range(10):
            await bring(store, record(f"{number}{one}"))

    async def turns() -> None:
        while not over.is_set():
            await projection.turn()

    over = asyncio.Event()
    running = asyncio.create_task(turns())
    await asyncio.gather(*(worker(number) for number in range(1, 5)))
    over.set()
    await running
    await project(projection)
    assert await read(store) == sorted(f"{number}{one}" for number in range(1, 5) for one in range(10))
