"""A store for a test that opens one itself: closed whatever happens, for its threads would keep pytest from ending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from store.sqlite import SqliteStore, open_sqlite


@asynccontextmanager
async def sqlite_store(path: Path) -> AsyncIterator[SqliteStore]:
    """The file's store with its tables."""
    store = await open_sqlite(path)
    try:
        await store.migrate()
        yield store
    finally:
        await store.close()
