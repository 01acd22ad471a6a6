"""Finding the patient that a message names."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.outcomes import Refuse
from handlers.rules.patients import Person, key_and_part, part_of, patient_key
from messages.patient import NamedPatient
from store import sharing
from store.contract import Transaction


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a message means: a key, which person of it ('' where the key alone was named), and the patient that is now."""

    key: str
    part: str
    patient_id: str


async def named(tx: Transaction, patient: NamedPatient) -> Named | Refuse:
    """Return whom a message means; it is refused where that may be one of two, for nothing here guesses."""
    key, part = _key_and_part(patient)
    is_apart, patient_id = await sharing.named(tx, key, part)
    if is_apart and not part:
        return Refuse(
            "told_apart", "Two persons share this id: name the one by facts with a ZIP code, or by the id of its own.",
            field="patient",
        )  # fmt: skip
    return Named(key, part, patient_id)


def key_of(patient: NamedPatient) -> str:
    """Return the key of whomever a message means, without looking whether two persons share it."""
    return _key_and_part(patient)[0]


def _key_and_part(patient: NamedPatient) -> tuple[str, str]:
    facts = patient.facts
    if facts is None:
        return key_and_part(patient.patient_id or "")
    key = patient_key(
        Person(
            facts.last_name, facts.first_name, facts.date_of_birth.isoformat(), facts.gender, facts.zip, facts.species
        )
    )
    return key, part_of(key, facts.zip)
