"""Sweeps, relays and lanes that fail where they must not, for whoever looks after the system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.contract import Transaction, as_moment, as_text


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part that has failed so often in a row, since then; ``error`` says what and where, and no value."""

    part: str
    error: str
    failures: int
    since_at: datetime
    last_at: datetime


async def note(tx: Transaction, part: str, error: str, now: datetime) -> None:
    """The part has failed once more."""
    await tx.run("troubles.note", part=part, error=error, at=as_text(now))


async def failures(tx: Transaction, part: str) -> int:
    """Return how often the part has failed in a row."""
    row = await tx.row("troubles.failures", part=part)
    return 0 if row is None else int(row["failures"])


async def finish(tx: Transaction, part: str, now: datetime) -> None:
    """The part goes well, as far as is known."""
    await tx.run("troubles.finish", part=part, at=as_text(now))


async def standing(tx: Transaction, *, after: datetime) -> Sequence[Trouble]:
    """Return the parts that fail and have failed since a moment, the oldest trouble first."""
    return [
        Trouble(row["part"], row["error"], row["failures"], as_moment(row["since_at"]), as_moment(row["last_at"]))
        for row in await tx.rows("troubles.open", after=as_text(after))
    ]
