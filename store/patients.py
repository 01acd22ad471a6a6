"""Patients: which keys stand for whom now, and every decision that made it so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from store.contract import Transaction, as_text


async def patient_of(tx: Transaction, key: str) -> str:
    """Return the patient that a key stands for: another's when it was merged, else the one of its own."""
    rows = await tx.rows("patients.aliases", keys=json.dumps([key]))
    return str(rows[0]["patient_id"]) if rows else key


async def keys_of(tx: Transaction, patients: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return every key of each patient. A key that stands for another patient is no patient, and has none."""
    asked = sorted(set(patients))
    elsewhere = {row["patient_key"] for row in await tx.rows("patients.aliases", keys=json.dumps(asked))}
    found = {patient: [] if patient in elsewhere else [patient] for patient in asked}
    for row in await tx.rows("patients.merged_into", patients=json.dumps(asked)):
        found[row["patient_id"]].append(row["patient_key"])
    return found


async def with_their_patients(tx: Transaction, keys: Iterable[str]) -> set[str]:
    """Return the keys themselves and the patients they stand for now: whoever a change of a key concerns."""
    asked = sorted(set(keys))
    rows = await tx.rows("patients.aliases", keys=json.dumps(asked))
    return {*asked, *(row["patient_id"] for row in rows)}


async def merge(
    tx: Transaction, key: str, *, was: str, becomes: str, by: str, reason: str, now: datetime, seq: int
) -> None:
    """Let a key stand for another patient from now on."""
    await tx.run("patients.point", patient_key=key, patient_id=becomes)
    await note(tx, "merged", key, was=was, becomes=becomes, by=by, reason=reason, now=now, seq=seq)


async def split(tx: Transaction, key: str, *, was: str, by: str, reason: str, now: datetime, seq: int) -> bool:
    """Let a key be a patient of its own again; False when it does not stand for that patient."""
    if not await tx.run("patients.unpoint", patient_key=key, patient_id=was):
        return False
    await note(tx, "split", key, was=was, becomes=key, by=by, reason=reason, now=now, seq=seq)
    return True


async def decide(tx: Transaction) -> None:
    """Wait until no other decision on patients is being made; each sees all that were made before."""
    await tx.rows("patients.decide")


async def note(
    tx: Transaction, act: str, key: str, *, was: str, becomes: str, by: str, reason: str, now: datetime, seq: int
) -> None:
    """Keep a decision in the history."""
    await tx.run(
        "patients.note",
        act=act,
        patient_key=key,
        from_patient_id=was,
        to_patient_id=becomes,
        decided_by=by,
        reason=reason,
        decided_at=as_text(now),
        seq=seq,
    )
