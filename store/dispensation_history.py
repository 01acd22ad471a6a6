"""What was said of one record, in the order of the transactions that said it (R49).

Nearly always statements arrive in that order, and the store only compares two times. One that arrives behind a newer one is
put in its place here: the record then says what it would say had they come in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from store.contract import Row, Transaction, Value, as_text

Status = Literal["new", "revise", "void"]
_LAST: Final = 1 << 62  # behind every number that a store gives


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said of a record: when its transaction was made, by which message, and the whole of it by column."""

    status: Status
    said_at: str
    seq: int
    says: Mapping[str, Value]
    no: int = _LAST

    @property
    def place(self) -> tuple[str, int, int]:
        """Its place among the others: the transaction's time, then arrival, then the order of the file (TH05, TH06)."""
        return self.said_at, self.seq, self.no


@dataclass(frozen=True, slots=True)
class Shown:
    """What a record shows after a number of statements; ``confirmed`` is when and by which message the same was last said."""

    by: Statement | None = None
    confirmed: tuple[str, int] = ("", 0)

    @property
    def is_active(self) -> bool:
        """Whether there is a record that was not voided."""
        return self.by is not None and self.by.status != "void"

    def after(self, statement: Statement) -> Shown:
        """Give what the record shows after one more statement: a known record's new is a duplicate (R48, R49)."""
        if statement.status == "new" and self.is_active:
            return Shown(self.by, max(self.confirmed, (statement.said_at, statement.seq)))
        return Shown(statement)


async def log(
    tx: Transaction, identity: Mapping[str, Value], statement: Statement, *, now: datetime, by_seq: int
) -> None:
    """Keep a statement that the record does not show."""
    await tx.run(
        "dispensations.log",
        **{name: value for name, value in statement.says.items() if name not in identity},
        **identity,
        state="voided" if statement.status == "void" else "active",
        status=statement.status,
        said_at=statement.said_at,
        seq=statement.seq,
        by_seq=by_seq,
        superseded_at=as_text(now),
    )


async def put_in_place(
    tx: Transaction,
    identity: Mapping[str, Value],
    statement: Statement,
    *,
    now: datetime,
    by_seq: int,
    only_if_active: bool = False,
) -> bool:
    """Let a statement older than what the record shows take effect in its place; ``only_if_active``, else nothing is kept of it.

    Returns:
        whether the record was active just before it, in the order of the transactions: its sender's counts are those it would
        have got in time.
    """
    rows = await tx.rows("dispensations.said", **identity)
    said = [_statement(row, statement.says) for row in rows]
    current, confirmed = said[0], (rows[0]["confirmed_at"], rows[0]["confirmed_seq"])
    beside = [Statement("new", *confirmed, current.says)] if confirmed[0] else []
    beside.append(statement)
    was_active, shown = _in_order([*said, *beside], statement)
    assert shown.by is not None
    if only_if_active and not was_active:
        return False
    if shown.by is not current:  # before what is beside it: the numbers of one file's statements are their order
        await tx.run("dispensations.keep", **identity, by_seq=by_seq, superseded_at=as_text(now))
    for one in beside:
        await log(tx, identity, one, now=now, by_seq=by_seq)
    if shown.by is not current or shown.confirmed != confirmed:
        await show(tx, identity, shown)
    return was_active


async def show(tx: Transaction, identity: Mapping[str, Value], shown: Shown) -> None:
    """Let the record say this; what it said before was kept before."""
    by = shown.by
    assert by is not None
    if by.status == "void":
        await tx.run("dispensations.void", **identity, said_at=by.said_at, seq=by.seq)
        return
    said = {name: value for name, value in by.says.items() if name not in identity and name != "received_on"}
    await tx.run(
        "dispensations.replace",
        **identity, **said, said_at=by.said_at, basis=by.status, confirmed_at=shown.confirmed[0],
        confirmed_seq=shown.confirmed[1], seq=by.seq,
    )  # fmt: skip


def _in_order(said: Sequence[Statement], asked: Statement) -> tuple[bool, Shown]:
    """Tell whether the record was active before the asked statement, and what it shows after all of them."""
    was_active, shown = False, Shown()
    for one in sorted(said, key=lambda each: each.place):
        if one is asked:
            was_active = shown.is_active
        shown = shown.after(one)
    return was_active, shown


def _statement(row: Row, columns: Mapping[str, Value]) -> Statement:
    return Statement(
        row["status"], row["said_at"], row["seq"], {name: row[name] for name in columns}, row["no"] or _LAST
    )
