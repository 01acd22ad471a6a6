"""Dispensations: every record once by its identity (R48), every earlier version of it kept (R49, R50)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from store.contract import Transaction, Value, as_text

_SLICE_ROWS = 5000  # rows bound at once: bounds memory, and more is no quicker


class Content(NamedTuple):
    """One record as it is kept, in the order of the table's columns. The first six are its identity (R48)."""

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


_IDENTITY = Content._fields[:6]
_REPLACED = tuple(name for name in Content._fields[8:] if name != "revision")


@dataclass(slots=True)
class Counts:
    """What became of the records of one pharmacy; with those in error they add up to its total (R47)."""

    stored: int = 0
    duplicates: int = 0
    revised: int = 0
    voided: int = 0
    voids_not_found: int = 0


async def store_new(tx: Transaction, contents: Sequence[Content], *, now: datetime, seq: int, counts: Counts) -> None:
    """Store records of one dispenser as new: known ones are duplicates, voided ones are new again (R48, R49)."""
    for start in range(0, len(contents), _SLICE_ROWS):
        part = contents[start : start + _SLICE_ROWS]
        stored = await tx.insert_all("dispensations.insert", [(*content, seq) for content in part])
        if stored < len(part):
            stored += await _renew_voided(tx, part, now=now, seq=seq)
        counts.stored += stored
        counts.duplicates += len(part) - stored


async def _renew_voided(tx: Transaction, contents: Sequence[Content], *, now: datetime, seq: int) -> int:
    renewed = 0
    voided: dict[str, set[tuple[Value, ...]]] = {}
    for dispenser in {content.dispenser for content in contents}:
        days = [content.filled_on for content in contents if content.dispenser == dispenser]
        rows = await tx.rows("dispensations.voided", dispenser=dispenser, filled_from=min(days), filled_to=max(days))
        voided[dispenser] = {tuple(row[name] for name in _IDENTITY[1:]) for row in rows}
    for content in contents:
        if content[1:6] in voided[content.dispenser]:
            voided[content.dispenser].discard(content[1:6])
            await _replace(tx, content, now=now, seq=seq)
            renewed += 1
    return renewed


async def revise(tx: Transaction, content: Content, *, now: datetime, seq: int, counts: Counts) -> None:
    """Replace the active record of the same identity; an unknown one is stored as new (R49)."""
    known = await tx.row("dispensations.one", **identity_of(content))
    if known is not None and known["state"] == "active":
        await _replace(tx, content, now=now, seq=seq)
        counts.revised += 1
    else:
        await store_new(tx, [content], now=now, seq=seq, counts=counts)


async def void(tx: Transaction, content: Content, *, now: datetime, seq: int, counts: Counts) -> None:
    """Withdraw the active record of this identity and keep it; an unknown one is counted as not found (R49)."""
    if await _void(tx, identity_of(content), now=now, seq=seq):
        counts.voided += 1
    else:
        counts.voids_not_found += 1


async def void_all(tx: Transaction, brought_by_seq: int, *, now: datetime, seq: int) -> int:
    """Withdraw every active record that one message brought; return how many (R49: TH03 = 04)."""
    rows = await tx.rows("dispensations.brought_by", seq=brought_by_seq)
    for row in rows:
        await _void(tx, {name: row[name] for name in _IDENTITY}, now=now, seq=seq)
    return len(rows)


async def _void(tx: Transaction, identity: dict[str, Value], *, now: datetime, seq: int) -> bool:
    known = await tx.row("dispensations.one", **identity)
    if known is None or known["state"] != "active":
        return False
    await tx.run("dispensations.keep", **identity, by_seq=seq, superseded_at=as_text(now))
    await tx.run("dispensations.void", **identity)
    return True


async def _replace(tx: Transaction, content: Content, *, now: datetime, seq: int) -> None:
    identity = identity_of(content)
    await tx.run("dispensations.keep", **identity, by_seq=seq, superseded_at=as_text(now))
    replaced: dict[str, Value] = {name: getattr(content, name) for name in _REPLACED}
    await tx.run("dispensations.replace", **identity, **replaced, seq=seq)


def identity_of(content: Content) -> dict[str, Value]:
    """Return what makes two records the same, by column (R48)."""
    return dict(zip(_IDENTITY, content[:6], strict=True))


async def was_brought_by(tx: Transaction, content: Content, seq: int) -> bool:
    """Tell whether the record's present content came with this message."""
    known = await tx.row("dispensations.one", **identity_of(content))
    return known is not None and known["state"] == "active" and known["seq"] == seq
