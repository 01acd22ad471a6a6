"""A record in JSON is held to the same checks as one in a file, by the same ids (R45; ids of the checks, not the rules)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from messages.asap.faults import Finding
from messages.asap.fields import NO_FINDINGS, PLACEHOLDERS
from messages.asap.table import table
from messages.asap.values import canonical_quantity
from messages.dispensation import Patient, Record
from messages.identifiers import dea_is_valid, ncpdp_is_valid, normalise_ndc, npi_is_valid
from store.dispensations import Content

NDC, COMPOUND = "01", "06"
_ZIP = re.compile(r"[0-9]{5}(?:-?[0-9]{4})?")
_STATE = re.compile(r"[A-Za-z]{2}")
_CODES: Mapping[str, frozenset[str]] = MappingProxyType(
    {field.name: field.codes for segment in ("PAT", "DSP") for field in table("5.0")[segment] if field.codes}
)
_PATIENT_CODES = (
    ("patient.", "species", "PAT20"),
    ("patient.", "id_qualifier", "PAT02"),
    ("patient.", "location", "PAT21"),
)
_RECORD_CODES = (("", "dosage_units", "DSP11"), ("", "origin", "DSP12"), ("", "treatment_type", "DSP24"))
# The same few thousand dispensers and prescribers again and again.
_is_dea, _is_npi = lru_cache(maxsize=20_000)(dea_is_valid), lru_cache(maxsize=20_000)(npi_is_valid)
_quantity = lru_cache(maxsize=20_000)(canonical_quantity)
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "DSP01": "status",
        "PHA03": "dispenser", "PRE02": "prescriber.dea", "DSP05": "filled_on", "DSP08": "product_id",
        "DSP10": "days_supply", "DSP17": "sold_on",
    }
)  # fmt: skip
"""Names of the fields that the store's checks speak of."""


def findings_of(record: Record, today: date) -> Sequence[Finding]:
    """Name every check that the record fails; nothing is made of one that fails none."""
    found: list[Finding] = []
    for check in (_dispenser, _prescriber, _patient, _counts, _product):
        found += check(record)
    found += _dates(record, today)
    return found or NO_FINDINGS


def _dispenser(record: Record) -> Sequence[Finding]:
    one = record.dispenser
    found = []
    if not (one.dea or one.npi or one.ncpdp):
        found.append(Finding("R18", "dispenser", "no DEA, NPI or NCPDP number; expected at least one"))
    if one.dea and not _is_dea(one.dea):
        found.append(Finding("R17", "dispenser.dea", "this is no DEA number; expected one with a right check digit"))
    if one.npi and not _is_npi(one.npi):
        found.append(Finding("R19", "dispenser.npi", "this is no NPI; expected one with a right check digit"))
    if one.ncpdp and not ncpdp_is_valid(one.ncpdp):
        found.append(Finding("R20", "dispenser.ncpdp", "this is no NCPDP id; expected one with a right check digit"))
    return found


def _prescriber(record: Record) -> Sequence[Finding]:
    one = record.prescriber
    found = []
    if not (one.npi or one.dea):
        found.append(
            Finding("R23", "prescriber", "neither DEA number nor NPI; expected the DEA number, or the NPI at least")
        )
    if one.dea and not _is_dea(one.dea):
        text = "this is no DEA number; expected one with a right check digit"
        found.append(Finding("R17.prescriber", "prescriber.dea", text))
    if one.npi and not _is_npi(one.npi):
        found.append(Finding("R19", "prescriber.npi", "this is no NPI; expected one with a right check digit"))
    if one.last_name.upper() in PLACEHOLDERS or one.first_name.upper() in PLACEHOLDERS:
        found.append(Finding("R27", "prescriber.last_name", "the name is a placeholder; expected the real name"))
    return found


def _dates(record: Record, today: date) -> Sequence[Finding]:
    filled, sold, born = record.filled_on, record.sold_on, record.patient.date_of_birth
    if record.written_on <= filled <= today and born <= filled and (sold is None or filled <= sold <= today):
        return _age(born, filled)
    found = [
        Finding("R04", name, "the date is in the future; expected today or earlier")
        for name, day in (
            ("patient.date_of_birth", born), ("written_on", record.written_on), ("filled_on", filled), ("sold_on", sold)
        )
        if day is not None and day > today
    ]  # fmt: skip
    if filled < record.written_on <= today:
        found.append(
            Finding("R05", "written_on", "written after it was filled; expected written_on not after filled_on")
        )
    if sold is not None and sold < filled <= today:
        found.append(Finding("R06", "sold_on", "sold before it was filled; expected sold_on not before filled_on"))
    if filled < born <= today:
        found.append(
            Finding("R07", "patient.date_of_birth", "born after the date filled; expected it not after filled_on")
        )
    return [*found, *_age(born, filled)]


def _age(born: date, filled: date) -> Sequence[Finding]:
    if (filled.year - born.year) - ((filled.month, filled.day) < (born.month, born.day)) <= 120:
        return NO_FINDINGS
    return [Finding("R07.age", "patient.date_of_birth", "older than 120 years; expected a later date of birth")]


def _patient(record: Record) -> Sequence[Finding]:
    patient = record.patient
    found = _codes(_PATIENT_CODES, patient)
    if patient.id_qualifier and not patient.id:
        found.append(Finding("R24", "patient.id", "the qualifier id_qualifier is given and no id; expected the id"))
    if not patient.country:
        if not _STATE.fullmatch(patient.state):
            found.append(Finding("R25", "patient.state", "this is no state; expected two letters, or a country"))
        if not _ZIP.fullmatch(patient.zip):
            found.append(Finding("R25", "patient.zip", "this is no ZIP code; expected 5 or 9 digits"))
    if patient.species == "02" and not patient.animal_name:
        found.append(Finding("R26", "patient.animal_name", "an animal (species 02) without a name; expected its name"))
    if patient.last_name.upper() in PLACEHOLDERS or patient.first_name.upper() in PLACEHOLDERS:
        found.append(Finding("R27", "patient.last_name", "the name is a placeholder; expected the real name"))
    return found


def _counts(record: Record) -> Sequence[Finding]:
    found = _codes(_RECORD_CODES, record)
    if record.fill_number > record.refills_authorized:
        text = "more fills than refills were authorized; expected fill_number not over refills_authorized"
        found.append(Finding("R08.refills", "fill_number", text))
    if not _quantity(f"{record.quantity:f}"):
        found.append(Finding("R11", "quantity", "expected a positive number of at most 11 characters"))
    if record.days_supply < 1:
        found.append(Finding("R12", "days_supply", "found 0; expected a number from 1 to 999"))
    elif record.days_supply > 365:
        found.append(Finding("R12.year", "days_supply", f"{record.days_supply} days; expected at most 365"))
    if len(record.prescription_number) > 25:
        text = f"{len(record.prescription_number)} characters; expected at most 25"
        found.append(Finding("R02.length", "prescription_number", text))
    if record.payment_type not in _CODES["DSP16"]:
        found.append(Finding("R13", "payment_type", "this is no code of DSP16; expected one of its list"))
    return found


def _codes(asked: Sequence[tuple[str, str, str]], part: Record | Patient) -> list[Finding]:
    return [
        Finding("R13.optional", f"{prefix}{name}", f"this is no code of {code}; expected one of its list")
        for prefix, name, code in asked
        if (value := getattr(part, name)) and value not in _CODES[code]
    ]


def _product(record: Record) -> Sequence[Finding]:
    product = record.product_id
    if record.product_qualifier not in _CODES["DSP07"]:
        return [Finding("R13", "product_qualifier", "this is no code of DSP07; expected one of its list")]
    if record.product_qualifier == COMPOUND:
        return [
            Finding(
                "R10", "product_qualifier", "a compound cannot be told in JSON; expected a file with its ingredients"
            )
        ]
    if record.product_qualifier != NDC:
        return NO_FINDINGS
    normal = normalise_ndc(product)
    if normal is None:
        return [Finding("R09", "product_id", "this is no NDC; expected one of 11 digits")]
    if normal != product:
        return [Finding("R09.hyphens", "product_id", "the NDC has hyphens and was normalised; expected digits only")]
    return NO_FINDINGS


def content_of(record: Record, original: str, today: date, *, said_at: str, warnings: str = "") -> Content:
    """Return what is kept of a record that passed its checks; with its text as it was sent (R50)."""
    dispenser, patient, product = record.dispenser, record.patient, record.product_id
    is_ndc = record.product_qualifier == NDC
    return Content(
        dispenser.dea.upper() if dispenser.dea else dispenser.npi or dispenser.ncpdp or "",
        record.prescription_number,
        record.filled_on.isoformat(),
        record.fill_number,
        _quantity(f"{record.quantity:f}"),
        record.partial_fill,
        "active",
        today.isoformat(),
        record.written_on.isoformat(),
        record.days_supply,
        (normalise_ndc(product) or product) if is_ndc else product,
        record.prescriber.dea or "",
        record.prescriber.npi or "",
        patient.last_name,
        patient.first_name,
        patient.date_of_birth.isoformat(),
        patient.gender,
        patient.zip,
        patient.species or "",
        record.payment_type,
        original,
        warnings,
        1,
        said_at,
    )
