"""A list among a notice's facts as a CSV file sent along, for the recipient's programs (RFC 4180).

Days and numbers stand as they were given, not as the e-mail's text writes them. A list that an e-mail may cut is sent along when
it does: all of its rows are in one place or the other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from notifier.facts import Fact, one_line
from notifier.mime import Attachment

ROWS_SHOWN = 25
"""Rows that an e-mail itself shows of a list that may be long; templates know it as ``rows_shown``."""
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run what begins with one of these


@dataclass(frozen=True, slots=True)
class Table:
    """A list that is sent along when it has more rows than so many."""

    fact: Fact
    beyond_rows: int


def tables_of(tables: Mapping[str, Table], facts: Mapping[str, object]) -> Iterator[Attachment]:
    """Hand on the files of a notice. The facts were checked before."""
    for name, table in tables.items():
        rows = facts.get(table.fact.name)
        if isinstance(rows, Sequence) and len(rows) > table.beyond_rows:
            yield Attachment(name, "text/csv", _csv([field.name for field in table.fact.fields], rows))


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(columns)
    table.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return written.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
