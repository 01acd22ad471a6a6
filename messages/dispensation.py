"""Dispensation: what was dispensed, as an ASAP file or as a record in JSON (R40–R50).

A record is one to one with ASAP 5.0: each of its fields names the one that it is, and is held to what the table says of that
(``messages/asap/fields.csv``). Left out is what 5.0 has withdrawn: PRE09, and AIR09 to AIR11, which ``pharmacist`` and who
picked up or dropped off tell here. What few senders tell stands in ``details``, so that the others' records cost no more for it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from messages.dispensation_details import (
    Additional,
    Asap,
    Code,
    Details,
    DispenserDetails,
    Ingredient,
    PatientDetails,
    PrescriberDetails,
    Quantity,
    Text,
)
from messages.envelope import ASAP
from messages.message import Message, Moment, Part, Reference


class DispensationFileSubmitted(Message):
    """A gateway handed in an ASAP file; the body is the file's bytes as they are."""

    content_type: ClassVar[str] = ASAP
    body: bytes
    file_name: str = ""


class Dispenser(Part):
    """The pharmacy or dispensing practitioner; at least one of the three identifiers (ASAP PHA)."""

    dea: Annotated[Text | None, Asap("PHA03")] = None
    npi: Annotated[Text | None, Asap("PHA01")] = None
    ncpdp: Annotated[Text | None, Asap("PHA02")] = None
    name: Annotated[Text | None, Asap("PHA04")] = None
    details: DispenserDetails | None = None


class Patient(Part):
    """The person, or the animal and its owner (ASAP PAT); one from abroad (``country``) needs no address."""

    last_name: Annotated[Text, Asap("PAT07")]
    first_name: Annotated[Text, Asap("PAT08")]
    middle_name: Annotated[Text | None, Asap("PAT09")] = None
    prefix: Annotated[Text | None, Asap("PAT10")] = None
    suffix: Annotated[Text | None, Asap("PAT11")] = None
    address: Annotated[Text | None, Asap("PAT12")] = None
    address_2: Annotated[Text | None, Asap("PAT13")] = None
    city: Annotated[Text | None, Asap("PAT14")] = None
    state: Annotated[Text | None, Asap("PAT15")] = None
    zip: Annotated[Text | None, Asap("PAT16")] = None
    phone: Annotated[Text | None, Asap("PAT17")] = None
    date_of_birth: Annotated[date, Asap("PAT18")]
    gender: Annotated[Text, Asap("PAT19")]
    species: Annotated[Code | None, Asap("PAT20")] = None
    animal_name: Annotated[Text | None, Asap("PAT23")] = None
    id_jurisdiction: Annotated[Text | None, Asap("PAT01")] = None
    id_qualifier: Annotated[Code | None, Asap("PAT02")] = None
    id: Annotated[Text | None, Asap("PAT03")] = None
    location: Annotated[Code | None, Asap("PAT21")] = None
    country: Annotated[Text | None, Asap("PAT22")] = None
    details: PatientDetails | None = None


class Prescriber(Part):
    """Who prescribed (ASAP PRE)."""

    npi: Annotated[Text | None, Asap("PRE01")] = None
    dea: Annotated[Text | None, Asap("PRE02")] = None
    dea_suffix: Annotated[Text | None, Asap("PRE03")] = None
    license_number: Annotated[Text | None, Asap("PRE04")] = None
    license_jurisdiction: Annotated[Text | None, Asap("PRE10")] = None
    last_name: Annotated[Text, Asap("PRE05")]
    first_name: Annotated[Text, Asap("PRE06")]
    middle_name: Annotated[Text | None, Asap("PRE07")] = None
    phone: Annotated[Text | None, Asap("PRE08")] = None
    details: PrescriberDetails | None = None


class Record(Part):
    """One dispensing, one to one with the fields of ASAP's PHA, PAT, DSP, PRE, CDI and AIR segments (R45)."""

    status: Annotated[Literal["new", "revise", "void"], Asap("DSP01")] = "new"
    dispenser: Dispenser
    patient: Patient
    prescriber: Prescriber
    prescription_number: Annotated[Text, Asap("DSP02")]
    written_on: Annotated[date, Asap("DSP03")]
    refills_authorized: Annotated[int, Field(ge=0, le=99), Asap("DSP04")]
    filled_on: Annotated[date, Asap("DSP05")]
    fill_number: Annotated[int, Field(ge=0, le=99), Asap("DSP06")]
    product_qualifier: Annotated[Code, Asap("DSP07")] = "01"
    product_id: Annotated[Text | None, Asap("DSP08")] = None
    quantity: Annotated[Quantity, Asap("DSP09")]
    days_supply: Annotated[int, Field(ge=0, le=999), Asap("DSP10")]
    dosage_units: Annotated[Code | None, Asap("DSP11")] = None
    origin: Annotated[Code | None, Asap("DSP12")] = None
    partial_fill: Annotated[int, Field(ge=0, le=99), Asap("DSP13")] = 0
    payment_type: Annotated[Code, Asap("DSP16")]
    sold_on: Annotated[date | None, Asap("DSP17")] = None
    treatment_type: Annotated[Code | None, Asap("DSP24")] = None
    diagnosis: Annotated[Text | None, Asap("DSP25")] = None
    details: Details | None = None
    ingredients: Annotated[tuple[Ingredient, ...], Field(max_length=99)] | None = None
    additional: Additional | None = None


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
