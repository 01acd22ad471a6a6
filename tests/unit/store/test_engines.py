"""What each engine does when it cannot work: our own errors, free of values and addresses."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from messages.errors import Misconfigured, StoreAway, StoreUnusable
from store.contract import Transaction, is_postgres
from store.postgres import open_postgres
from store.sqlite import open_sqlite
from tests.site import locked
from tests.stores import sqlite_store


async def _count(tx: Transaction) -> int:
    return sum(row["number"] for row in await tx.rows("inbox.counts"))


async def test_a_unit_awaits_nothing_but_the_store(tmp_path: Path) -> None:
    """SQLite runs it in one piece: whatever would suspend is a bug, told at once, and nothing is written."""
    store = await open_sqlite(tmp_path / "pmp.db")
    try:
        await store.migrate()

        async def unit(tx: Transaction) -> None:
            await tx.run("inbox.set_attempts", sender="portal", message_id="m1", count=1)
            await asyncio.sleep(0)

        with pytest.raises(RuntimeError, match="awaited something other"):
            await store.write(unit)
        assert await store.write(lambda tx: tx.row("inbox.attempts", sender="portal", message_id="m1")) is None
    finally:
        await store.close()


async def test_a_commit_is_on_the_disk(tmp_path: Path) -> None:
    """The writer asks for WAL and FULL; the folder is made when it is missing."""
    store = await open_sqlite(tmp_path / "new" / "folder" / "pmp.db")
    try:
        for pragma, expected in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            rows = await store._writer.execute_fetchall(f"PRAGMA {pragma}")
            assert [row[0] for row in rows] == [expected]
    finally:
        await store.close()


async def test_what_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    """Patients' data: whatever the umask is, also the log beside the file. A file that stands keeps its mode."""
    former = os.umask(0)
    try:
        store = await open_sqlite(tmp_path / "folder" / "pmp.db")
        await store.migrate()
        made = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "folder").iterdir()}
        await store.close()
    finally:
        os.umask(former)
    assert made == {"pmp.db": 0o600, "pmp.db-wal": 0o600, "pmp.db-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    (tmp_path / "folder" / "pmp.db").chmod(0o640)
    await (await open_sqlite(tmp_path / "folder" / "pmp.db")).close()
    assert stat.S_IMODE((tmp_path / "folder" / "pmp.db").stat().st_mode) == 0o640


async def test_a_locked_file_is_a_store_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process holds the lock longer than we wait; afterwards the store goes on."""
    path = tmp_path / "pmp.db"
    store = await open_sqlite(path)
    try:
        await store.migrate()
        monkeypatch.setattr("store.sqlite._BUSY_SECONDS", 0.02)
        with locked(path), pytest.raises(StoreAway, match="SQLITE_BUSY"):
            await store.write(_count)
        assert await store.write(_count) == 0
    finally:
        await store.close()


async def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    """A file of something else is left as it is."""
    path = tmp_path / "pmp.db"
    path.write_bytes(b"This is a letter, and long enough to be taken for a page of a database. " * 20)
    before = path.read_bytes()
    with pytest.raises(Misconfigured):
        await open_sqlite(path)
    assert path.read_bytes() == before


async def test_a_damaged_file_is_nothing_to_wait_for(tmp_path: Path) -> None:
    """It is told apart from one that is locked: whatever runs on it ends."""
    path = tmp_path / "pmp.db"
    async with sqlite_store(path):
        pass
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StoreUnusable, match="SQLITE_CORRUPT"):
        async with sqlite_store(path) as store:
            await store.read(_count)


async def test_a_bug_of_ours_is_not_a_store_that_is_away(store_url: str) -> None:
    """A table that is not there, a value that has no room: waiting would mend neither, so they are told as what they are."""
    store = await (open_postgres(store_url) if is_postgres(store_url) else open_sqlite(Path(store_url)))
    try:
        with pytest.raises((sqlite3.OperationalError, asyncpg.UndefinedTableError)):
            await store.write(_count)
        await store.migrate()
        with pytest.raises((OverflowError, asyncpg.DataError)):
            await store.write(lambda tx: tx.run("inbox.set_attempts", sender="portal", message_id="m1", count=1 << 70))
        assert await store.write(_count) == 0
    finally:
        await store.close()


async def test_a_store_that_is_closed_is_away(store_url: str) -> None:
    """Whoever still asks is told to wait, and not that there is a bug."""
    store = await (open_postgres(store_url) if is_postgres(store_url) else open_sqlite(Path(store_url)))
    await store.migrate()
    await store.close()
    with pytest.raises(StoreAway):
        await store.write(_count)


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The process refuses to start."""
    with pytest.raises((Misconfigured, StoreAway)):
        await open_sqlite(tmp_path)


async def test_a_full_disk_is_a_store_that_is_away(tmp_path: Path) -> None:
    """Nothing of the transaction stands; once there is room the store goes on."""
    path = tmp_path / "pmp.db"
    store = await open_sqlite(path)
    try:
        await store.migrate()
        with closing(sqlite3.connect(path)) as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
        await store._writer.execute(f"PRAGMA max_page_count={pages}")

        async def unit(tx: Transaction) -> None:
            for number in range(5000):
                await tx.run("inbox.set_attempts", sender="portal", message_id=f"m{number:0200}", count=1)

        with pytest.raises(StoreAway, match="SQLITE_FULL"):
            await store.write(unit)
        await store._writer.execute("PRAGMA max_page_count=1000000")
        await store.write(unit)
    finally:
        await store.close()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql://pmp:hunter2@127.0.0.1:1/pmp", StoreAway),
        ("postgresql://pmp:hunter2@127.0.0.1:none/pmp", Misconfigured),
    ],
)
async def test_nobody_answers_at_postgresql(url: str, error: type[Exception]) -> None:
    """Away may come back, a wrong address will not; neither names the password."""
    with pytest.raises(error) as caught:
        await open_postgres(url)
    assert "hunter2" not in str(caught.value)


async def test_a_database_that_does_not_exist_is_misconfigured(postgres_url: str) -> None:
    """It must be made by whoever owns the server."""
    with pytest.raises(Misconfigured):
        await open_postgres(postgres_url.rpartition("/")[0] + "/no_such_database")
