"""Keys that two persons share: which were told apart, and what is needed to tell whose each record is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from store import patients
from store.contract import Transaction
from store.treatments import RecordKey, key_in


@dataclass(frozen=True, slots=True)
class Zip:
    """The ZIP code that a record of a key names."""

    record: RecordKey
    patient_key: str
    zip: str


async def named(tx: Transaction, key: str, part: str) -> tuple[bool, str]:
    """Return whether the persons of a key are told apart, and which patient the key, or the one person of it, is now."""
    row = await tx.row("sharing.named", key=key, one=key + part)
    assert row is not None
    if row["is_apart"] == 1:
        return True, row["one_means"] or key + part
    return False, row["key_means"] or key


async def among(tx: Transaction, keys: Iterable[str]) -> Mapping[str, bool]:
    """Return those of the keys that were ever told apart, and whether they are so now."""
    rows = await tx.rows("sharing.among", keys=json.dumps(sorted(set(keys))))
    return {row["patient_key"]: row["is_apart"] == 1 for row in rows}


async def tell(tx: Transaction, key: str, *, by: str, reason: str, now: datetime, seq: int) -> bool:
    """Let the persons of a key be told apart; False when they are already."""
    if not await tx.run("sharing.tell", patient_key=key):
        return False
    await patients.note(tx, "told_apart", key, was=key, becomes=key, by=by, reason=reason, now=now, seq=seq)
    return True


async def rejoin(tx: Transaction, key: str, *, by: str, reason: str, now: datetime, seq: int) -> bool:
    """Let a key stand for one person again; False when it does already."""
    if not await tx.run("sharing.rejoin", patient_key=key):
        return False
    await patients.note(tx, "rejoined", key, was=key, becomes=key, by=by, reason=reason, now=now, seq=seq)
    return True


async def zips(tx: Transaction, keys: Iterable[str]) -> Sequence[Zip]:
    """Return the ZIP code of each record of these keys, as it is kept of the record."""
    asked = sorted(set(keys))
    rows = await tx.rows("sharing.zips", keys=json.dumps(asked)) if asked else ()
    return [Zip(key_in(row), row["patient_key"], row["patient_zip"]) for row in rows]


async def standing(tx: Transaction, key: str) -> set[str]:
    """Return the ids of the key's persons of whom something stands."""
    return {row["patient_id"] for row in await tx.rows("sharing.standing", key=key)}


async def merged(tx: Transaction, key: str) -> Sequence[str]:
    """Return the keys that were merged with this one, or with a person of it, either way round."""
    return [row["patient_key"] for row in await tx.rows("sharing.merged", key=key)]
