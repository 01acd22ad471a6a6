"""The engine for sites that outgrow one machine: PostgreSQL through asyncpg.

Several workers write at once: keys are unique in the database, a batch claims its inbox rows in one order, and whoever loses a
race runs again. Bulk inserts go through COPY into a staging table (measured: best from about a thousand rows).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

import asyncpg

from messages.errors import Misconfigured, StoreAway
from store.contract import Conflict, Row, Transaction, Value
from store.statements import migrations, script_parts, statements

if TYPE_CHECKING:
    from store.statements import Statement

T = TypeVar("T")
_ROWS_WORTH_STAGING = 50  # below that, one INSERT after the other on an open connection is quicker than COPY
_MIGRATION_LOCK = 0x706D70  # any number that no other program on this database takes: "pmp"
_COMMAND_SECONDS = 60

_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,  # also a wrong password
    asyncpg.InvalidCatalogNameError,  # no such database
    asyncpg.InsufficientPrivilegeError,
)
"""At the start the site is wrong; whoever was let in before waits: a password in change, a database being restored."""

_AWAY = (
    *_REFUSED,
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.OperatorInterventionError,  # shutting down, starting up, cancelled
    asyncpg.TransactionRollbackError,  # deadlock, serialization: run again
    asyncpg.ReadOnlySQLTransactionError,  # a standby took over and is not writable yet
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,  # its disk
    asyncpg.TargetServerAttributeNotMatched,  # of several hosts none is the one that writes: a failover
)

_REFUSAL = "refuses the login of PMP_STORE: check user, password, database and its rights"
_SENTENCES = (
    (_REFUSED, _REFUSAL),
    (asyncpg.TooManyConnectionsError, "has no connection left for us"),
    (
        (asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError),
        "is shutting down or starting",
    ),
    (
        (asyncpg.ReadOnlySQLTransactionError, asyncpg.TargetServerAttributeNotMatched),
        "takes no writes: it is a standby, or a failover is under way",
    ),
    (asyncpg.DiskFullError, "has no room left on its disk"),
    ((OSError, TimeoutError, asyncpg.PostgresConnectionError), "cannot be reached, or does not answer in time"),
)


class PostgresTransaction:
    """An open transaction on one pooled connection."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self._statements = statements("postgres")
        self.writes = 0

    async def rows(self, statement: str, **values: Value) -> Sequence[Row]:
        """See Transaction.rows."""
        found = self._statements[statement]
        rows = await self._connection.fetch(found.sql, *_ordered(found, values))
        self.writes += bool(rows) and not found.is_query
        return cast("Sequence[Row]", rows)

    async def row(self, statement: str, **values: Value) -> Row | None:
        """See Transaction.row."""
        rows = await self.rows(statement, **values)
        return rows[0] if rows else None

    async def run(self, statement: str, **values: Value) -> int:
        """See Transaction.run."""
        found = self._statements[statement]
        changed = _count(await self._connection.execute(found.sql, *_ordered(found, values)))
        self.writes += changed > 0
        return changed

    async def insert_all(self, statement: str, rows: Sequence[Sequence[Value]]) -> int:
        """See Transaction.insert_all."""
        found = self._statements[statement]
        if found.table is None or len(rows) < _ROWS_WORTH_STAGING:
            inserted = 0
            for row in rows:
                inserted += _count(await self._connection.execute(found.sql, *row))
        else:
            inserted = await self._through_staging(found, found.table, rows)
        self.writes += inserted > 0
        return inserted

    async def _through_staging(self, found: Statement, table: str, rows: Sequence[Sequence[Value]]) -> int:
        staging = f"staging_{table}"
        await self._connection.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging} ON COMMIT DROP AS "  # noqa: S608 - names of our own SQL files
            f"SELECT {', '.join(found.columns)} FROM {table} WITH NO DATA"
        )
        await self._connection.copy_records_to_table(staging, records=rows, columns=list(found.columns))
        inserted = _count(await self._connection.execute(found.from_staging(staging)))
        await self._connection.execute(f"TRUNCATE {staging}")
        return inserted


def _ordered(statement: Statement, values: dict[str, Value]) -> tuple[Value, ...]:
    return tuple(values[name] for name in statement.parameters)


def _count(status: str) -> int:
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


class PostgresStore:
    """A Store in a PostgreSQL database. Use ``open_postgres``."""

    def __init__(self, pool: asyncpg.Pool[Any], server: str) -> None:
        self._pool, self._server = pool, server

    async def write(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        """See Store.write."""
        return await _whole(self._in_transaction(unit, readonly=False), self._server)

    async def read(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        """See Store.read."""
        return await _whole(self._in_transaction(unit, readonly=True), self._server)

    async def _in_transaction(self, unit: Callable[[Transaction], Awaitable[T]], *, readonly: bool) -> T:
        isolation = "repeatable_read" if readonly else "read_committed"
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation=isolation, readonly=readonly),
        ):
            return await unit(PostgresTransaction(cast("asyncpg.Connection[Any]", connection)))

    async def migrate(self) -> Sequence[str]:
        """See Store.migrate."""
        return await _whole(self._migrate(), self._server)

    async def _migrate(self) -> Sequence[str]:
        try:
            return await self._migrated()
        except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidSchemaNameError):
            raise Misconfigured("PostgreSQL lets the user of PMP_STORE make no tables there.") from None

    async def _migrated(self) -> Sequence[str]:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            await connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
            known = {row["name"] for row in await connection.fetch("SELECT name FROM migrations")}
            applied = [(name, script) for name, script in migrations("postgres") if name not in known]
            for name, script in applied:
                for part in script_parts(script):
                    await connection.execute(part)
                await connection.execute("INSERT INTO migrations (name) VALUES ($1)", name)
        return [name for name, _ in applied]

    async def close(self) -> None:
        """See Store.close."""
        with suppress(*_AWAY):
            await asyncio.wait_for(self._pool.close(), timeout=10)


async def open_postgres(url: str, *, connections: int = 10) -> PostgresStore:
    """Connect to the database; it must exist, its tables come by ``migrate``."""
    try:
        server = _server(url)
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            command_timeout=_COMMAND_SECONDS,
            server_settings={"application_name": "pmp", "synchronous_commit": "on"},
        )
    except _REFUSED as error:
        raise Misconfigured(f"PostgreSQL {_REFUSAL} ({type(error).__name__}).") from None
    except ValueError:  # asyncpg's word for an address that is none
        raise Misconfigured("PostgreSQL cannot be looked for: PMP_STORE is no address.") from None
    except _AWAY as error:
        raise _told(error, server) from error
    return PostgresStore(pool, server)


async def _whole(work: Awaitable[T], server: str) -> T:
    """Run the work to its end, even when the caller is cancelled meanwhile; translate the driver's errors."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await task
        raise
    except asyncpg.IntegrityConstraintViolationError as error:
        # the driver's text and detail hold values
        raise Conflict(f"PostgreSQL refused a key: {error.constraint_name}.") from None
    except _AWAY as error:
        raise _told(error, server) from None


def _told(error: Exception, server: str) -> StoreAway:
    """Say in our words what keeps the store from working."""
    said = (sentence for kinds, sentence in _SENTENCES if isinstance(error, kinds))
    return StoreAway(f"{server} {next(said, 'cannot work now')} ({type(error).__name__}).")


def _server(url: str) -> str:
    """Name the server of an address, ``PostgreSQL at db:5432``; not where a part of its password might be taken for it."""
    authority = urlsplit(url).netloc
    at = authority.rpartition("@")[2]
    return f"PostgreSQL at {at}" if at and authority.count("@") == url.count("@") else "PostgreSQL"
