"""Everything that a store holds, table by table: for a reckoning or a search that goes past all statements."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

from store.contract import is_postgres

Kept = Mapping[str, str]
"""A row: each column's value as text."""

Tables = Mapping[str, Sequence[Kept]]


async def every_row(where: str) -> Tables:
    """Return every row of every table, as one moment shows them; ``where`` is a SQLite file or a PostgreSQL's address."""
    if is_postgres(where):
        return await _of_postgres(where)
    return await asyncio.to_thread(_of_sqlite, Path(where))


def _of_sqlite(file: Path) -> Tables:
    found: dict[str, list[Kept]] = defaultdict(list)
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        names = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        for name in names:
            rows = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - a name that the file itself gave
            columns = [column[0] for column in rows.description]
            found[name] += (dict(zip(columns, map(_text, row), strict=True)) for row in rows)
    return found


async def _of_postgres(url: str) -> Tables:
    found: dict[str, list[Kept]] = defaultdict(list)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            for name in sorted(str(row["tablename"]) for row in names):
                rows = await connection.fetch(f'SELECT * FROM "{name}"')  # noqa: S608 - a name that the database gave
                found[name] += ({column: _text(value) for column, value in row.items()} for row in rows)
    finally:
        await connection.close()
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
