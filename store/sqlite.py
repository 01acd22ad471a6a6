"""The embedded engine: one SQLite file in WAL mode, one writer thread, one reader thread.

A unit of work is a coroutine that awaits nothing but its transaction, and the transaction's methods never suspend. So the
whole unit is driven in aiosqlite's writer thread in one piece: one thread hop per transaction instead of one per statement,
and a cancelled task can never leave a transaction open.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

import aiosqlite

from messages.errors import Misconfigured, PmpError, StoreAway, StoreUnusable
from store.contract import Conflict, Row, Transaction, Value
from store.statements import Statement, migrations, script_parts, statements

T = TypeVar("T")
_BUSY_SECONDS = 5.0  # how long one BEGIN waits for another process before the caller is told to wait
_LOOK_SECONDS = 0.001
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL,  # others are at it
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_SCHEMA,
    }
)  # fmt: skip
"""What passes, by itself or by a person's hand; anything else is a bug."""
_CLOSED = frozenset({"Connection closed", "no active connection", "Cannot operate on a closed database."})
"""What aiosqlite and sqlite3 say of a connection that is closed; they have no code for it."""
_CACHE_KIB = 8 * 1024  # more is no quicker at a million rows: what is wanted lies in the kernel's own cache
_WAL_PAGES_BEFORE_CHECKPOINT = 4000  # 16 MiB: fewer checkpoints in the ingest path, still a small file


class SqliteTransaction:
    """An open transaction on one connection; runs in that connection's thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._statements = statements("sqlite")
        self.writes = 0

    async def rows(self, statement: str, **values: Value) -> Sequence[Row]:
        """See Transaction.rows."""
        found = self._statements[statement]
        before = self._connection.total_changes
        rows = self._connection.execute(found.sql, _ordered(found, values)).fetchall()
        self.writes += self._connection.total_changes != before
        return cast("Sequence[Row]", rows)

    async def row(self, statement: str, **values: Value) -> Row | None:
        """See Transaction.row."""
        rows = await self.rows(statement, **values)
        return rows[0] if rows else None

    async def run(self, statement: str, **values: Value) -> int:
        """See Transaction.run."""
        found = self._statements[statement]
        changed = self._connection.execute(found.sql, _ordered(found, values)).rowcount
        self.writes += changed > 0
        return max(changed, 0)

    async def insert_all(self, statement: str, rows: Sequence[Sequence[Value]]) -> int:
        """See Transaction.insert_all."""
        if not rows:
            return 0
        inserted = self._connection.executemany(self._statements[statement].sql, rows).rowcount
        self.writes += inserted > 0
        return inserted


def _ordered(statement: Statement, values: dict[str, Value]) -> tuple[Value, ...]:
    return tuple(values[name] for name in statement.parameters)


def _drive(unit: Callable[[Transaction], Awaitable[T]], transaction: SqliteTransaction) -> T:
    coroutine = cast("Coroutine[None, None, T]", unit(transaction))
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    coroutine.close()
    raise RuntimeError("A transaction awaited something other than the store.")


class SqliteStore:
    """A Store in one file. Use ``open_sqlite``."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection, path: Path) -> None:
        self._writer = writer
        self._reader = reader
        self.path = path

    async def write(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        """See Store.write."""
        return await _whole(self._writer, lambda connection: _in_transaction(connection, unit))

    async def read(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        """See Store.read."""
        return await _whole(self._reader, lambda connection: _in_snapshot(connection, unit))

    async def migrate(self) -> Sequence[str]:
        """See Store.migrate."""
        return await _whole(self._writer, _migrate)

    async def close(self) -> None:
        """See Store.close."""
        await self._reader.close()
        await self._writer.close()


async def open_sqlite(path: Path) -> SqliteStore:
    """Open or create the file; readers never wait for the writer (WAL), a commit is on the disk (FULL)."""
    try:
        _make_private(path)
        writer = await _connected(path)
    except (OSError, sqlite3.Error) as error:
        raise Misconfigured(f"The store's file cannot be opened: {type(error).__name__}.") from error
    try:
        await _whole(writer, _prepare_writer)
        reader = await _connected(path)
        await _whole(reader, _prepare_reader)
    except BaseException:
        await writer.close()
        raise
    return SqliteStore(writer, reader, path)


def _make_private(path: Path) -> None:
    """A new file is its owner's alone, whatever the umask: it holds patients' data. SQLite gives -wal and -shm the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(
        FileExistsError
    ):  # one that stands is not touched: closing it would drop the locks that SQLite holds on it
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


async def _connected(path: Path) -> aiosqlite.Connection:
    connection = aiosqlite.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
    try:
        return await connection
    except BaseException:
        # Its thread still tells the loop that it ends, and aiosqlite does not wait for that: the loop must be there.
        await asyncio.to_thread(connection._thread.join)
        raise


async def _whole(connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run the work in the connection's thread to its end, even when the caller is cancelled meanwhile."""
    # _execute is aiosqlite's queue into its thread; its public methods would hop once per statement (2x slower, measured).
    task = asyncio.ensure_future(connection._execute(lambda: work(connection._conn)))  # type: ignore[no-untyped-call]
    try:
        return cast("T", await asyncio.shield(task))
    except asyncio.CancelledError:
        # The transaction ends by itself; the connection must not be closed or reused before it has.
        with suppress(Exception):
            await task
        raise
    except sqlite3.IntegrityError as error:
        raise Conflict(f"SQLite refused a key: {error.sqlite_errorname}.") from None
    except (sqlite3.DatabaseError, ValueError) as error:
        told = _told(error)
        if told is None:
            raise
        raise told from error


def _told(error: sqlite3.DatabaseError | ValueError) -> PmpError | None:
    """Say in our words what keeps the store from working; None of a bug, whose own words stand."""
    if str(error) in _CLOSED:
        return StoreAway("SQLite cannot work now: it is closed.")
    name, kind = getattr(error, "sqlite_errorname", ""), getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if kind in _DAMAGED:
        return StoreUnusable(f"The store's file is damaged ({name}): see PMP_STORE, and restore it from a backup.")
    if kind in _AWAY:
        held = "; another process holds its lock" if kind == sqlite3.SQLITE_BUSY else ""
        return StoreAway(f"SQLite cannot work now: {name}{held}.")
    return None


def _prepare_writer(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA busy_timeout=0")  # _patiently waits
    try:
        _patiently(connection, "PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise StoreUnusable("The store's file is no SQLite database: see PMP_STORE.") from None
        raise
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES_BEFORE_CHECKPOINT}")


def _patiently(connection: sqlite3.Connection, sql: str) -> None:
    """Run what needs a lock that another process may hold for a moment.

    SQLite's own waiting sleeps up to a tenth of a second between two looks, while a batch holds the lock for a few milliseconds:
    of two busy workers one would starve. And it does not wait at all when two processes open the same new file.
    """
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute(sql)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _prepare_reader(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only=ON")


def _in_transaction(connection: sqlite3.Connection, unit: Callable[[Transaction], Awaitable[T]]) -> T:
    _patiently(connection, "BEGIN IMMEDIATE")
    try:
        result = _drive(unit, SqliteTransaction(connection))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _in_snapshot(connection: sqlite3.Connection, unit: Callable[[Transaction], Awaitable[T]]) -> T:
    connection.execute("BEGIN")
    try:
        return _drive(unit, SqliteTransaction(connection))
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _migrate(connection: sqlite3.Connection) -> Sequence[str]:
    _patiently(connection, "BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        known = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
        applied = [(name, script) for name, script in migrations("sqlite") if name not in known]
        for name, script in applied:
            for part in script_parts(script):
                connection.execute(part)
            connection.execute("INSERT INTO migrations (name) VALUES (?)", (name,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return [name for name, _ in applied]
