"""The bench on which handlers are tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.handlers.bench import Bench, open_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench on an empty store."""
    opened = await open_bench(tmp_path / "pmp.db")
    yield opened
    await opened.store.close()
