"""Everything that a SQLite store holds, table by table: for a reckoning or a search that goes past all statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

Kept = Mapping[str, str]
"""A row: each column's value as text."""


def every_row(file: Path) -> Iterator[tuple[str, Kept]]:
    """Yield each row with its table's name; the file is only read."""
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        names = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        for name in names:
            found = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - a name that the file itself gave
            columns = [column[0] for column in found.description]
            for row in found:
                yield name, dict(zip(columns, map(_text, row), strict=True))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
