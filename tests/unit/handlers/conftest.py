"""The bench on which handlers are tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.unit.handlers.bench import Bench, open_bench

BenchOf = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def bench_of(tmp_path: Path) -> AsyncIterator[BenchOf]:
    """Opens a bench on an empty store for a programme of these numbers."""
    async with AsyncExitStack() as opened:

        async def open_one(**numbers: object) -> Bench:
            bench = await open_bench(tmp_path / "pmp.db", **numbers)
            opened.push_async_callback(bench.store.close)
            return bench

        yield open_one


@pytest.fixture
async def bench(bench_of: BenchOf) -> Bench:
    """A bench on an empty store."""
    return await bench_of()
