"""Patient: which records are of one person, and what users tell the programme about a patient (R28)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from messages.message import Email, Message, Part, Prose, Reference, ShortLine

PatientKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""The key that the programme makes of the identifying facts."""
PatientId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}([0-9a-f]{8})?$")]
"""A patient as answers name one: the key, or of a key that was told apart the key and eight digits made of a ZIP code."""


class IdentifyingFacts(Part):
    """What a patient is known by, as dispensers report it (ASAP PAT); the ZIP code counts where the sex is not known."""

    last_name: ShortLine
    first_name: ShortLine
    date_of_birth: date
    gender: Literal["F", "M", "U"]
    zip: ShortLine
    species: Literal["01", "02"] = "01"


class NamedPatient(Part):
    """A patient, by an id from an earlier answer or by the identifying facts; exactly one of the two."""

    patient_id: PatientId | None = None
    facts: IdentifyingFacts | None = None

    @model_validator(mode="after")
    def _is_named_once(self) -> NamedPatient:
        if (self.patient_id is None) == (self.facts is None):
            raise ValueError("a patient is named by patient_id or by facts (field patient)")
        return self


class PatientMerged(Message):
    """An administrator decided that keys are of one person: all of ``same_as`` stand for ``patient_id`` from now on."""

    patient_id: PatientId
    same_as: Annotated[tuple[PatientId, ...], Field(min_length=1, max_length=50)]
    administrator: Email
    reason: Prose


class PatientSplit(Message):
    """An administrator undid a merging: the key ``split_off`` is a patient of its own again."""

    patient_id: PatientId
    split_off: PatientId
    administrator: Email
    reason: Prose


class PatientToldApart(Message):
    """An administrator found that two persons share a key: from now on each is known by the key and the ZIP code."""

    patient_id: PatientKey
    administrator: Email
    reason: Prose


class PatientRejoined(Message):
    """An administrator undid a telling apart: the key stands for one person again, whatever the ZIP code."""

    patient_id: PatientKey
    administrator: Email
    reason: Prose


class PatientAlertPosted(Message):
    """A user told of misuse or diversion concerning a patient (R28). ``text`` is stored and never leaves."""

    alert_id: Reference
    author: Reference
    patient: NamedPatient
    concern: Literal["misuse", "diversion"]
    text: Prose


class PatientAlertWithdrawn(Message):
    """The author (an account) or an administrator (an address) withdrew an alert (R28); exactly one of the two."""

    alert_id: Reference
    author: Reference | None = None
    administrator: Email | None = None

    @model_validator(mode="after")
    def _is_withdrawn_by_one(self) -> PatientAlertWithdrawn:
        if (self.author is None) == (self.administrator is None):
            raise ValueError("an alert is withdrawn by its author or by an administrator (field author)")
        return self
