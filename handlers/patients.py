"""Finding the patient that a message names."""

from __future__ import annotations

from handlers.rules.patients import Person, patient_key
from messages.patient import NamedPatient


def key_of(named: NamedPatient) -> str:
    """Return the key of a named patient: the id that was told, or the one made of the identifying facts."""
    if named.facts is None:
        return named.patient_id or ""
    facts = named.facts
    return patient_key(
        Person(
            facts.last_name, facts.first_name, facts.date_of_birth.isoformat(), facts.gender, facts.zip, facts.species
        )
    )
