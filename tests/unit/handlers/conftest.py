"""The bench on which handlers are tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.unit.handlers.bench import Bench, open_bench


class OpenBench(Protocol):
    """Opens a bench on an empty store for a programme of these numbers."""

    async def __call__(self, **numbers: Any) -> Bench:
        """The bench; closed when the test has ended, however it ended."""


@pytest.fixture
async def bench_of(tmp_path: Path) -> AsyncIterator[OpenBench]:
    """See OpenBench."""
    async with AsyncExitStack() as opened:

        async def open_one(**numbers: Any) -> Bench:
            bench = await open_bench(tmp_path / "pmp.db", **numbers)
            opened.push_async_callback(bench.store.close)
            return bench

        yield open_one


@pytest.fixture
async def bench(bench_of: OpenBench) -> Bench:
    """A bench on an empty store, for a programme of the default numbers."""
    return await bench_of()
