"""What a store promises, whichever engine keeps it.

Handlers and relays see a ``Transaction``; only bootstrap knows the engine. Every write is one transaction that commits or
leaves nothing; ``write`` returns after the commit is durable (SQLite: WAL with synchronous=FULL; PostgreSQL:
synchronous_commit on). Times are text in UTC of one width, so that they sort; dates are ``YYYY-MM-DD``; JSON is text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeVar

from messages.errors import PmpError

T = TypeVar("T")
Value = str | int | bytes | None


def is_postgres(where: str) -> bool:
    """Tell whether a store's place is a PostgreSQL's address; else it is a SQLite file."""
    return where.startswith(("postgres://", "postgresql://"))


class Conflict(PmpError):
    """Another transaction took the same unique key first; a second run sees what it left."""


class Row(Protocol):
    """One row of a result, read by column name, or as a whole in the order of the statement's columns."""

    def __getitem__(self, column: str, /) -> Any:
        """Return the column's value."""

    def __iter__(self) -> Iterator[Any]:
        """Return every value: many rows of many columns at a third of the cost."""


class Transaction(Protocol):
    """One open transaction. Statements are named ``<file>.<name>`` in ``store/sql``.

    Nothing but the store may be awaited inside: the SQLite engine runs the whole unit in its writer thread, in one piece.
    """

    writes: int
    """Statements that changed something so far; a refusal after a write would leave half an effect."""

    async def rows(self, statement: str, **values: Value) -> Sequence[Row]:
        """Return all rows of a query, or of a change that returns rows."""

    async def row(self, statement: str, **values: Value) -> Row | None:
        """Return the first row, or None."""

    async def run(self, statement: str, **values: Value) -> int:
        """Return how many rows the statement changed."""

    async def insert_all(self, statement: str, rows: Sequence[Sequence[Value]]) -> int:
        """Insert rows in bulk, values in the order of the statement's parameters; return how many were inserted."""


class Store(Protocol):
    """A database that keeps everything this system must remember."""

    async def write(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run the unit in one transaction and return its result after the durable commit.

        Raises:
            StoreAway: nothing can be written now, or the commit's outcome is unknown; run the unit again later
                (the inbox and the unique keys make a second run harmless).
            Conflict: another transaction won a unique key; run the unit again.
        """

    async def read(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run a unit that only reads, on one snapshot, never waiting for a writer."""

    async def migrate(self) -> Sequence[str]:
        """Apply every migration not applied yet, once, under a lock; return the names of those applied now."""

    async def close(self) -> None:
        """Close every connection; running transactions end first."""


def as_text(moment: datetime) -> str:
    """Write a moment as the store keeps it: UTC, microseconds, always 27 characters."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def as_moment(text: str) -> datetime:
    """Read a moment that ``as_text`` wrote."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """Read a moment that may be missing."""
    return None if text is None else as_moment(text)


def text_or_none(moment: datetime | None) -> str | None:
    """Write a moment that may be missing."""
    return None if moment is None else as_text(moment)


def as_date(text: str) -> date:
    """Read a local date."""
    return date.fromisoformat(text)
