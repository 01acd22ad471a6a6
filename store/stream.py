"""The projection of treatments: how far the stream was read, which patients changed, what was made of their records.

The stream is the inbox's numbers. A record says which message brought it (``dispensations.seq``), an earlier version which
message replaced or withdrew it, so both are found by ranges of numbers that only grow. Two things could be missed and are not:

* On PostgreSQL a smaller number may be committed after a greater one. Only what lies below a ``Horizon`` is read: the newest
  number seen, once every transaction that was writing to the inbox just then is over.
* A message may have its effect long after it was taken (deferred, or replayed from the dead letters). One without effect is
  noted when it is passed, and read when it has come to an end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.contract import Row, Transaction, as_text


@dataclass(frozen=True, slots=True)
class Progress:
    """Up to which message the projection has read, and by which numbers of the policy its rows were made."""

    passed_seq: int
    numbers: str


@dataclass(frozen=True, slots=True)
class Horizon:
    """The newest message committed, and who was writing then: below it nothing new appears once they are done."""

    seq: int = 0
    writers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """What some messages changed: the records as they stand now, and messages that had no effect yet."""

    upto: int
    records: Sequence[Row]
    late: Sequence[int]


async def progress(tx: Transaction) -> Progress:
    """Return how far the projection has come."""
    row = await tx.row("stream.progress")
    assert row is not None, "the migration makes the row"
    return Progress(row["passed_seq"], row["numbers"])


async def lease(tx: Transaction, *, leased_by: str, now: datetime, leased_until: datetime) -> bool:
    """Take or keep the projection for one process; False when another has it."""
    values = {"leased_by": leased_by, "now": as_text(now), "leased_until": as_text(leased_until)}
    return await tx.run("stream.lease", **values) == 1


async def horizon(tx: Transaction) -> Horizon:
    """Return the newest message and, looked up after it, the transactions that may still bring an older one."""
    newest = await tx.row("stream.newest")
    assert newest is not None
    return Horizon(newest["seq"], frozenset(row["writer"] for row in await tx.rows("stream.writers")))


async def page(tx: Transaction, *, after: int, upto: int, most: int) -> Page:
    """Return what the next messages changed: about ``most`` records, whole messages only."""
    end = await tx.row("stream.page_end", after=after, upto=upto, most=most)
    last = upto if end is None else end["seq"]
    records = await tx.rows("stream.changed", after=after, upto=last)
    late = await tx.rows("stream.without_effect", after=after, upto=last)
    return Page(last, records, [row["seq"] for row in late])


async def pass_to(tx: Transaction, upto: int, *, after: int, late: Sequence[int]) -> bool:
    """Note that everything up to a message is read, but for the late ones; False when another process was there first."""
    if not await tx.run("stream.pass_to", after=after, upto=upto):
        return False
    await tx.insert_all("stream.keep_late", [(seq,) for seq in late])
    return True


async def is_at(tx: Transaction, after: int) -> bool:
    """Tell whether everything up to a message, and nothing behind it, is read; it stays so until this transaction ends."""
    return await tx.run("stream.pass_to", after=after, upto=after) == 1


async def is_late(tx: Transaction, seq: int) -> bool:
    """Tell whether a late message is still to be read; it stays so until this transaction ends."""
    return await tx.run("stream.hold_late", seq=seq) == 1


async def late(tx: Transaction, *, most: int) -> list[int]:
    """Return messages that were passed without effect and have come to an end since."""
    return [row["seq"] for row in await tx.rows("stream.late", most=most)]


async def forget_late(tx: Transaction, seq: int) -> None:
    """Note that a late message is read."""
    await tx.run("stream.forget_late", seq=seq)


async def begin_again(tx: Transaction) -> None:
    """Let the whole stream be read once more; what was made of it stays until it is replaced."""
    await tx.run("stream.begin_again")
    await tx.run("stream.forget_every_late")
