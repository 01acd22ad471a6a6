"""A list among a notice's facts as a CSV file sent along, for the recipient's programs (RFC 4180).

Days and numbers stand as they were given, not as the e-mail's text writes them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from notifier.facts import Fact, one_line
from notifier.mime import Attachment

_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run what begins with one of these


def tables_of(tables: Mapping[str, Fact], facts: Mapping[str, object]) -> Iterator[Attachment]:
    """Hand on the files of a notice; a list without rows makes none. The facts were checked before."""
    for name, fact in tables.items():
        rows = facts.get(fact.name)
        if isinstance(rows, Sequence) and rows:
            yield Attachment(name, "text/csv", _csv([field.name for field in fact.fields], rows))


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(columns)
    table.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return written.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
