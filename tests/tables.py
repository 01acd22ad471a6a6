"""What stands in a store of either engine, straight from its tables; shares no statement with the programme."""

from __future__ import annotations

from typing import Any

from store.contract import Store
from store.postgres import PostgresStore
from store.sqlite import SqliteStore


async def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    if isinstance(store, PostgresStore):
        return [tuple(row) for row in await store._pool.fetch(query)]
    assert isinstance(store, SqliteStore)
    return [tuple(row) for row in await store._writer.execute_fetchall(query)]


async def change(store: Store, statement: str) -> None:
    """What no message can do is done to the tables directly."""
    if isinstance(store, PostgresStore):
        await store._pool.execute(statement)
    else:
        assert isinstance(store, SqliteStore)
        await store._writer.execute(statement)
