"""Dispensation: what was dispensed, as an ASAP file or as a record in JSON (R40–R50)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from messages.envelope import ASAP
from messages.message import Message, Moment, Part, Reference

Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class DispensationFileSubmitted(Message):
    """A gateway handed in an ASAP file; the body is the file's bytes as they are."""

    content_type: ClassVar[str] = ASAP
    body: bytes
    file_name: str = ""


class Dispenser(Part):
    """The pharmacy or dispensing practitioner; at least one of the three identifiers (ASAP PHA)."""

    dea: Text | None = None
    npi: Text | None = None
    ncpdp: Text | None = None
    name: Text | None = None


class Patient(Part):
    """The person, or the animal and its owner (ASAP PAT)."""

    last_name: Text
    first_name: Text
    middle_name: Text | None = None
    address: Text
    address_2: Text | None = None
    city: Text
    state: Text
    zip: Text
    phone: Text | None = None
    date_of_birth: date
    gender: Literal["F", "M", "U"]
    species: Code | None = None
    animal_name: Text | None = None
    id_qualifier: Code | None = None
    id: Text | None = None
    location: Code | None = None
    country: Text | None = None


class Prescriber(Part):
    """Who prescribed (ASAP PRE)."""

    npi: Text | None = None
    dea: Text | None = None
    dea_suffix: Text | None = None
    license_number: Text | None = None
    last_name: Text
    first_name: Text
    phone: Text | None = None


class Record(Part):
    """One dispensing, one to one with the fields of ASAP's DSP, PAT and PRE segments (R45)."""

    status: Literal["new", "revise", "void"] = "new"
    dispenser: Dispenser
    patient: Patient
    prescriber: Prescriber
    prescription_number: Text
    written_on: date
    refills_authorized: Annotated[int, Field(ge=0, le=99)]
    filled_on: date
    fill_number: Annotated[int, Field(ge=0, le=99)]
    product_qualifier: Code = "01"
    product_id: Text
    quantity: Annotated[Decimal, Field(gt=0, max_digits=11, strict=False)]
    days_supply: Annotated[int, Field(ge=0, le=999)]
    dosage_units: Code | None = None
    origin: Code | None = None
    partial_fill: Annotated[int, Field(ge=0, le=99)] = 0
    payment_type: Code
    sold_on: date | None = None
    treatment_type: Code | None = None
    diagnosis: Text | None = None


class DispensationRecordSubmitted(Message, Record):
    """One dispensing in JSON."""


class DispensationRecordsSubmitted(Message):
    """A gateway handed in several dispensings at once: what a file is, in JSON (R45).

    ``transaction`` names them as TH02 does a file: the same one of the same sender changes nothing when it comes again.
    ``created_at`` is when it was made (TH05, TH06); records take effect in the order of that (R49).
    """

    transaction: Reference
    created_at: Moment | None = None
    records: Annotated[tuple[Record, ...], Field(min_length=1, max_length=5000)]
