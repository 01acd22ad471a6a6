"""A process that starts beside somebody's long transaction waits for its end, says so, and gives up with a clear sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from messages.errors import Misconfigured, StoreAway
from store.contract import Store
from store.sqlite import open_sqlite
from tests.site import locked, until
from workers.patience import Opening, migrated


def opening(path: Path, closed: list[str] | None = None) -> Opening:
    """How the file is opened; each closing is noted."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        store = await open_sqlite(path)
        try:
            yield store
        finally:
            await store.close()
            if closed is not None:
                closed.append("closed")

    return opened


@pytest.fixture(autouse=True)
def fresh_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that no earlier test has bound for good to an output of its own."""
    monkeypatch.setattr("workers.patience.log", structlog.get_logger("pmp.start"))


@pytest.fixture
async def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store without its tables, of which one look takes no time."""
    monkeypatch.setattr("store.sqlite._BUSY_SECONDS", 0.02)
    path = tmp_path / "pmp.db"
    await (await open_sqlite(path)).close()
    return path


async def test_a_locked_store_is_waited_for(path: Path) -> None:
    """The log tells for what; each attempt that failed is closed, the one that holds when the block ends."""
    closed: list[str] = []

    async def used() -> tuple[list[str], list[str]]:
        async with migrated(opening(path, closed), 30) as store:
            return list(await store.migrate()), list(closed)

    with capture_logs() as logs:
        with locked(path):
            starting = asyncio.create_task(used())
            await until(lambda: len(logs) >= 2, "it says that it waits")
        applied, closed_before = await asyncio.wait_for(starting, 30)
    assert (applied, len(closed_before), len(closed)) == ([], len(logs), len(logs) + 1)
    assert {log["event"] for log in logs} == {"waits_for_store"}
    assert "another process holds its lock" in logs[0]["reason"]


async def test_a_store_that_stays_locked_is_given_up(path: Path) -> None:
    """The sentence says how long it was waited for, why, and which setting decides."""
    with locked(path), pytest.raises(StoreAway, match=r"0.1 s \(PMP_STORE_PATIENCE_SECONDS\).*holds its lock"):
        async with migrated(opening(path), 0.1):
            pass


async def test_what_waiting_cannot_mend_ends_at_once(tmp_path: Path) -> None:
    """A file that is no database will be none in a minute either."""
    path = tmp_path / "letter"
    path.write_bytes(b"This is a letter, and long enough to be taken for a page of a database. " * 20)
    with capture_logs() as logs, pytest.raises(Misconfigured, match="no SQLite database"):
        async with migrated(opening(path), 30):
            pass
    assert logs == []


async def test_a_store_that_goes_away_later_is_not_waited_for_here(path: Path) -> None:
    """Inside the block the caller decides."""
    with pytest.raises(StoreAway, match="gone"):
        async with migrated(opening(path), 30):
            raise StoreAway("gone")
