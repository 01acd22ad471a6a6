"""Dispensations: every record once by its identity (R48), every earlier version of it kept (R49, R50)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from store import dispensation_history as history
from store.contract import Conflict, Row, Transaction, Value, as_text
from store.dispensation_history import Shown, Statement, Status

_SLICE_ROWS = 5000  # rows bound at once: bounds memory, and more is no quicker


class Content(NamedTuple):
    """One record as it is kept, in the order of the table's columns. The first six are its identity (R48).

    ``said_at`` is when its transaction was made (R49), ``marks`` what the programme says of it (late, not_reportable, exempt:…),
    ``ingredients`` of a compound the NDCs of its ingredients in their order, ``-`` for one without, separated by blanks.
    """

    dispenser: str
    prescription_number: str
    filled_on: str
    fill_number: int
    quantity: str
    partial_fill: int
    state: str
    received_on: str
    written_on: str
    days_supply: int
    product_id: str
    prescriber_dea: str
    prescriber_npi: str
    patient_last_name: str
    patient_first_name: str
    patient_born_on: str
    patient_gender: str
    patient_zip: str
    species: str
    payment_type: str
    original: str
    warnings: str
    revision: int = 1
    said_at: str = ""
    marks: str = ""
    ingredients: str = ""

    @property
    def products(self) -> tuple[str, ...]:
        """What is looked up to know what was dispensed: the product, of a compound each ingredient."""
        return tuple(self.ingredients.split()) if self.ingredients else (self.product_id,)


def marked(content: Content, marks: str, warnings: str) -> Content:
    """Give the content with these marks and warnings; quicker than ``_replace``, for a late file has them on every record."""
    kept = content[:_WARNINGS_AT]
    return Content._make((*kept, warnings, content.revision, content.said_at, marks, content.ingredients))


_WARNINGS_AT = Content._fields.index("warnings")
_IDENTITY = Content._fields[:6]
_SAID = tuple(name for name in Content._fields[7:] if name not in ("revision", "said_at"))
Identity = tuple[Value, ...]


@dataclass(slots=True)
class Counts:
    """What became of the records of one pharmacy; with those in error they add up to its total (R47)."""

    stored: int = 0
    duplicates: int = 0
    revised: int = 0
    voided: int = 0
    voids_not_found: int = 0

    def by_name(self) -> Mapping[str, int]:
        """Each count under its name."""
        return {name: getattr(self, name) for name in self.__slots__}


async def store_new(tx: Transaction, contents: Sequence[Content], *, now: datetime, seq: int, counts: Counts) -> None:
    """Store records of one dispenser as new: known ones are duplicates, voided ones are new again (R48, R49)."""
    for start in range(0, len(contents), _SLICE_ROWS):
        part = contents[start : start + _SLICE_ROWS]
        stored = await tx.insert_all("dispensations.insert", [(*content, seq) for content in part])
        if stored < len(part):
            stored += await _heard_again(tx, part, now=now, seq=seq)
        counts.stored += stored
        counts.duplicates += len(part) - stored


@dataclass(frozen=True, slots=True)
class _Standing:
    """What stands of a record: by which message, and when and by which message it was last heard of."""

    is_active: bool
    seq: int
    heard: tuple[str, int]
    original: str

    def is_before(self, content: Content, seq: int) -> bool:
        """Tell whether the content was said later: by its transaction's time, then by arrival (R49)."""
        return self.heard <= (content.said_at, seq)


async def _heard_again(tx: Transaction, contents: Sequence[Content], *, now: datetime, seq: int) -> int:
    """Some of these, just inserted as new, stood there before: return how many of those are stored all the same."""
    standing = await _standing(tx, contents)
    stored = 0
    confirmed: dict[Identity, str] = {}
    for content in contents:
        known = standing[content[:6]]
        if known.seq == seq and known.is_active and known.original == content.original:
            continue  # just inserted, or said twice by one message
        if not known.is_before(content, seq):
            was_active = await history.put_in_place(
                tx, identity_of(content), _said(content, "new", seq), now=now, by_seq=seq
            )
            stored += not was_active
            standing |= await _standing(tx, [content])
        elif known.is_active:
            if known.seq != seq and known.original != content.original:
                await history.log(tx, identity_of(content), _said(content, "new", seq), now=now, by_seq=known.seq)
            if known.seq != seq:
                confirmed[content[:6]] = content.said_at
        else:
            await _replace(tx, content, "new", now=now, seq=seq)
            standing[content[:6]] = _Standing(True, seq, (content.said_at, seq), content.original)
            stored += 1
    if confirmed:
        again = [[*identity, said_at, seq] for identity, said_at in confirmed.items()]
        await tx.run("dispensations.keep_confirmed", identities=json.dumps(again), superseded_at=as_text(now))
        await tx.run("dispensations.confirm", identities=json.dumps(again))
    return stored


async def _standing(tx: Transaction, contents: Sequence[Content]) -> dict[Identity, _Standing]:
    identities = list({content[:6]: None for content in contents})
    rows = await tx.rows("dispensations.known", identities=json.dumps(identities))
    return {tuple(row[name] for name in _IDENTITY): _as_standing(row) for row in rows}


def _as_standing(row: Row) -> _Standing:
    heard = max((row["said_at"], row["seq"]), (row["confirmed_at"], row["confirmed_seq"]))
    return _Standing(row["state"] == "active", row["seq"], heard, row["original"])


async def revise(
    tx: Transaction, content: Content, *, now: datetime, seq: int, counts: Counts, stores_unknown: bool = True
) -> None:
    """Replace the active record of the same identity; an unknown one is stored as new, or not at all and not counted (R49)."""
    known = await _one(tx, content)
    if not stores_unknown and (known is None or (known.is_before(content, seq) and not known.is_active)):
        return
    if known is None:
        await _insert(tx, content, seq)
        await tx.run("dispensations.basis", **identity_of(content))
        was_active = False
    elif known.is_before(content, seq):
        await _replace(tx, _in_time(content), "revise", now=now, seq=seq)
        was_active = known.is_active
    else:
        said = _said(_in_time(content), "revise", seq)
        was_active = await history.put_in_place(
            tx, identity_of(content), said, now=now, by_seq=seq, only_if_active=not stores_unknown
        )
    counts.revised += was_active
    counts.stored += stores_unknown and not was_active


def _in_time(content: Content) -> Content:
    """Give a revision without its own lateness: the record that it revises came in time, or did not (R40)."""
    return content._replace(marks="") if content.marks == "late" else content


async def void(tx: Transaction, content: Content, *, now: datetime, seq: int, counts: Counts) -> None:
    """Withdraw the active record of this identity and keep it; an unknown one is counted as not found (R49).

    The void of an unknown record is kept too: when its file overtook the one that brings the record, that one finds it.
    """
    known = await _one(tx, content)
    if known is None:
        await _insert(tx, content._replace(state="voided"), seq)
        was_active = False
    elif known.is_before(content, seq):
        was_active = known.is_active
        await _void(tx, identity_of(content), content.said_at, now=now, seq=seq)
    else:
        said = _said(content, "void", seq)
        was_active = await history.put_in_place(tx, identity_of(content), said, now=now, by_seq=seq)
    counts.voided += was_active
    counts.voids_not_found += not was_active


async def dispensers_of(tx: Transaction, brought_by_seq: int) -> set[str]:
    """Return whose active records one message brought."""
    return {row["dispenser"] for row in await tx.rows("dispensations.dispensers_of", seq=brought_by_seq)}


async def void_all(
    tx: Transaction, brought_by_seq: int, *, said_at: str, now: datetime, seq: int, but_of: Collection[str] = ()
) -> int:
    """Withdraw every active record that one message brought, but of these dispensers; return how many (R49: TH03 = 04)."""
    rows = [
        row for row in await tx.rows("dispensations.brought_by", seq=brought_by_seq) if row["dispenser"] not in but_of
    ]
    for row in rows:
        identity = {name: row[name] for name in _IDENTITY}
        if row["confirmed_at"] <= said_at:
            await _void(tx, identity, said_at, now=now, seq=seq)
        else:  # a newer file brought it again
            (now_says, *_) = await tx.rows("dispensations.said", **identity)
            said = Statement("void", said_at, seq, {name: now_says[name] for name in _SAID})
            await history.put_in_place(tx, identity, said, now=now, by_seq=seq)
    return len(rows)


async def _keep(tx: Transaction, identity: dict[str, Value], *, now: datetime, seq: int) -> None:
    """What the record says, and that it was said again, is kept: what arrives late finds its place between the two."""
    await tx.run("dispensations.keep", **identity, by_seq=seq, superseded_at=as_text(now))
    itself = json.dumps([[*identity.values()]])
    await tx.run("dispensations.keep_confirmed", identities=itself, superseded_at=as_text(now))


async def _void(tx: Transaction, identity: dict[str, Value], said_at: str, *, now: datetime, seq: int) -> None:
    await _keep(tx, identity, now=now, seq=seq)
    await tx.run("dispensations.void", **identity, said_at=said_at, seq=seq)


async def _one(tx: Transaction, content: Content) -> _Standing | None:
    return (await _standing(tx, [content])).get(content[:6])


async def _insert(tx: Transaction, content: Content, seq: int) -> None:
    if not await tx.insert_all("dispensations.insert", [(*content, seq)]):
        raise Conflict("Another transaction stored this record first.")


async def _replace(tx: Transaction, content: Content, status: Status, *, now: datetime, seq: int) -> None:
    identity = identity_of(content)
    await _keep(tx, identity, now=now, seq=seq)
    await history.show(tx, identity, Shown(_said(content, status, seq)))


def _said(content: Content, status: Status, seq: int) -> Statement:
    return Statement(status, content.said_at, seq, {name: getattr(content, name) for name in _SAID})


def identity_of(content: Content) -> dict[str, Value]:
    """Return what makes two records the same, by column (R48)."""
    return dict(zip(_IDENTITY, content[:6], strict=True))


async def was_brought_by(tx: Transaction, content: Content, seq: int) -> bool:
    """Tell whether the record's present content came with this message."""
    known = await tx.row("dispensations.one", **identity_of(content))
    return known is not None and known["state"] == "active" and known["seq"] == seq
