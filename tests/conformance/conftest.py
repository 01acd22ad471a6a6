"""One suite, two engines: whatever a test here says holds for both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from store.contract import Store
from store.postgres import open_postgres
from store.sqlite import open_sqlite

OpenStore = Callable[[], Awaitable[Store]]


@pytest.fixture
async def open_store(store_url: str) -> AsyncIterator[OpenStore]:
    """Each call opens the same store once more, as another process would."""
    async with AsyncExitStack() as opened:

        async def open_one() -> Store:
            store: Store
            if store_url.startswith("postgres"):
                store = await open_postgres(store_url, connections=3)
            else:
                store = await open_sqlite(Path(store_url))
            opened.push_async_callback(store.close)
            return store

        yield open_one


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    """An empty store with its tables."""
    opened = await open_store()
    await opened.migrate()
    return opened


@dataclass
class Gate:
    """Holds a transaction open in the middle until it is told to go on, on either engine."""

    blocks_the_thread: bool
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    _thread_goes: threading.Event = field(default_factory=threading.Event)
    _task_goes: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self) -> None:
        """Tell that the transaction has come here, and wait."""
        self.loop.call_soon_threadsafe(self.reached.set)
        if self.blocks_the_thread:  # SQLite drives a unit in its own thread, which may not suspend
            assert self._thread_goes.wait(20)
        else:
            await asyncio.wait_for(self._task_goes.wait(), 20)

    def open(self) -> None:
        """Whoever waits goes on."""
        self._thread_goes.set()
        self._task_goes.set()


@pytest.fixture
async def gate(store_url: str) -> AsyncIterator[Gate]:
    """A gate that is open when the test has ended, however it ended."""
    gate = Gate(blocks_the_thread=not store_url.startswith("postgres"))
    yield gate
    gate.open()
