"""Whose a record or a review is now: merged keys looked up, and the persons of a key that was told apart by ZIP code.

Nothing moves when patients are merged or told apart. The records stand under their keys; whose each is, is asked whenever its
patient is counted. So the order of records and decisions does not matter, and every decision can be undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from handlers.rules.patients import key_and_part, part_of
from store import patients, sharing
from store.contract import Transaction
from store.reviews import Review
from store.treatments import PatientRecord, RecordKey


@dataclass(frozen=True, slots=True)
class Whose:
    """Patients to be counted, the keys under which what is theirs stands, and whose of them each record and review is."""

    patients: Sequence[str]
    keys: Sequence[str]
    _by_id: Mapping[str, str]
    _parts: Mapping[RecordKey, str]
    """Which person each record of a key that was told apart is of."""
    _sharers: Mapping[str, frozenset[str]]
    """Who shares each key that was told apart."""

    def is_record_of(self, record: PatientRecord) -> str | None:
        """Return whose a record is; None when it is of somebody who is not counted now."""
        return self._by_id.get(record.patient_key + self._parts.get(record.key, ""))

    def are_reviewed(self, review: Review) -> Iterable[str]:
        """Return whom a review is of; where the key alone was named, the record that was seen is that of all who share it."""
        sharers = self._sharers.get(review.patient_key)
        if sharers is not None and not review.part:
            return sharers
        patient = self._by_id.get(review.patient_key + (review.part if sharers is not None else ""))
        return () if patient is None else (patient,)


async def concerned_by(tx: Transaction, changed: Iterable[str]) -> Whose:
    """Return everybody whom a change of these keys concerns, those too who have nothing left."""
    ids = set(changed)
    known = await sharing.among(tx, ids)
    for key in sorted(known):
        ids |= await sharing.standing(tx, key)
    ids |= set((await _ids_by_record(tx, known)).values())
    counted = sorted(await patients.with_their_patients(tx, ids))
    by_id = {one: patient for patient, of in (await patients.keys_of(tx, counted)).items() for one in of}
    keys = sorted({key_and_part(one)[0] for one in by_id})
    known = await sharing.among(tx, keys)
    sharers: dict[str, set[str]] = defaultdict(set)
    for one, patient in by_id.items():
        sharers[key_and_part(one)[0]].add(patient)
    return Whose(
        counted,
        keys,
        by_id,
        {record: key_and_part(one)[1] for record, one in (await _ids_by_record(tx, known)).items()},
        {key: frozenset(sharers[key]) for key, is_apart in known.items() if is_apart},
    )


async def _ids_by_record(tx: Transaction, known: Mapping[str, bool]) -> Mapping[RecordKey, str]:
    """Return the id of the person whom each record of the keys that are told apart is of."""
    apart = [key for key, is_apart in known.items() if is_apart]
    return {one.record: one.patient_key + part_of(one.patient_key, one.zip) for one in await sharing.zips(tx, apart)}
