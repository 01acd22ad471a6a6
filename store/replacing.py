"""What is counted anew is laid beside what stands, and only the difference is written: most of it is as it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from store.contract import Transaction, Value


@dataclass(frozen=True, slots=True)
class Counted:
    """A table whose rows are counted from patients' records.

    Args:
        columns: what is counted, in the order of the statements ``of`` and ``put``.
        key_columns: how many of them, from the first, tell one row from another.
        of: the statement that reads the rows of ``:patients``.
        put: the statement that inserts a row, or lets it take the place of the one with its key.
        drop: the statement that deletes the row of a key.
    """

    columns: Sequence[str]
    key_columns: int
    of: str
    put: str
    drop: str


async def replace(
    tx: Transaction,
    counted: Counted,
    patients: Sequence[str],
    rows: Iterable[tuple[Value, ...]],
    *noted: Value,
) -> None:
    """Let these be the rows of these patients; ``noted`` is written behind a row that is new, and never compared."""
    wanted = set(rows)
    standing = {tuple(row) for row in await tx.rows(counted.of, patients=json.dumps(patients))}
    size = counted.key_columns
    for key in sorted({row[:size] for row in standing} - {row[:size] for row in wanted}):
        await tx.run(counted.drop, **dict(zip(counted.columns, key, strict=False)))
    await tx.insert_all(counted.put, [(*row, *noted) for row in sorted(wanted - standing)])
