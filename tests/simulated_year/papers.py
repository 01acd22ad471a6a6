"""What the story says, written as pharmacies write it: dates, numbers, records in JSON and in ASAP files."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from messages.asap.writer import Dispensing
from tests.simulated_year.model import Fill
from tests.simulated_year.story import Said

NEW_YEAR = date(2026, 1, 1)
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700006", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}
HOSPITAL_PHARMACY = {
    "dea": "AB1234563", "npi": "1234567893", "name": "EXAMPLE PHARMACY", "dispenser_kind": "pharmacy",
    "facility": "institutional", "contact_email": "pharmacy@example.org",
}  # fmt: skip
DRUGS = {"II": "00000000201", "III": "00000000301", "IV": "00000000401", "V": "00000000501", "other": "00000000901"}
COMPOUND = "99999000001"


def on(day: int) -> date:
    """So many days after New Year."""
    return NEW_YEAR + timedelta(days=day)


def dea(prescriber: str) -> str:
    """A made-up DEA number with its check digit."""
    digits = f"{int(prescriber[1:]) + 100000:06d}"
    odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
    return f"AX{digits}{(odd + 2 * even) % 10}"


HOSPITAL = dea("D899999")
"""The DEA number that residents prescribe under."""


def numbers_of(prescriber: str) -> tuple[str, str]:
    """DEA number and suffix: every third is a resident under the hospital's number, the others have one of their own."""
    number = int(prescriber[1:])
    return (HOSPITAL, f"{number:03d}") if number % 3 == 2 else (dea(prescriber), "")


IN_JSON: dict[str, dict[str, str]] = {
    "person": {},
    "animal": {"species": "02", "animal_name": "REX"},
    "inpatient": {"location": "09"},
}
IN_FILE: dict[str, dict[str, str]] = {
    "person": {},
    "animal": {"PAT20": "02", "PAT23": "REX"},
    "inpatient": {"PAT21": "09"},
}
"""What a record says besides, of whom it is of."""
FACTS = ("last_name", "first_name", "date_of_birth", "gender", "zip")
"""What a review says of a patient."""


def patient_of(patient: str) -> dict[str, str]:
    """What a record in JSON says of a patient."""
    letters = "".join(chr(ord("A") + int(digit)) for digit in patient[1:])
    return {
        "last_name": f"EXAM-PLE{letters}", "first_name": "ROBIN", "address": "1 EXAMPLE ST", "city": "HARTFORD",
        "state": "CT", "zip": "06103", "date_of_birth": "1980-01-01", "gender": "F",
    }  # fmt: skip


def mixture_of(fill: Fill) -> list[str]:
    """What every fifth is mixed of, the mildest first: its own drug, and what is milder than that. Others are none."""
    order = list(DRUGS.values())
    return order[order.index(DRUGS[fill.schedule]) :][::-1] if fill.number % 5 == 0 else []


def record_of(said: Said) -> dict[str, Any]:
    """A record in JSON."""
    fill = said.fill
    parts = [
        {"number": place, "product_id": ndc, "quantity": "1"} for place, ndc in enumerate(mixture_of(fill), start=1)
    ]
    mixed = {"product_qualifier": "06", "product_id": COMPOUND, "ingredients": parts} if parts else {}
    number, suffix = numbers_of(fill.prescriber)
    return {
        "status": said.what, "dispenser": {"dea": "AB1234563"},
        "patient": patient_of(fill.patient) | IN_JSON[fill.of],
        "prescriber": {"dea": number, "dea_suffix": suffix or None, "last_name": "PRESCRIBER", "first_name": "SAM"},
        "prescription_number": f"{fill.number}", "written_on": on(fill.written).isoformat(), "refills_authorized": 0,
        "filled_on": on(fill.filled).isoformat(), "fill_number": 0, "product_id": DRUGS[fill.schedule],
        "quantity": "30", "days_supply": fill.days, "payment_type": "04",
    } | mixed  # fmt: skip


def dispensing_of(fill: Fill) -> Dispensing:
    """A record in a file."""
    patient, (number, suffix) = patient_of(fill.patient), numbers_of(fill.prescriber)
    values = {
        "PAT07": patient["last_name"].replace("-", " "), "PAT08": patient["first_name"], "PAT12": patient["address"],
        "PAT14": patient["city"], "PAT15": "CT", "PAT16": "06103", "PAT18": "19800101", "PAT19": "F", "PAT20": "01",
        "DSP01": "00", "DSP02": f"{fill.number}", "DSP03": f"{on(fill.written):%Y%m%d}", "DSP04": "0",
        "DSP05": f"{on(fill.filled):%Y%m%d}", "DSP06": "0", "DSP07": "01", "DSP08": DRUGS[fill.schedule],
        "DSP09": "30", "DSP10": f"{fill.days}", "DSP11": "01", "DSP12": "05", "DSP13": "00", "DSP16": "04",
        "PRE02": number, "PRE03": suffix, "PRE05": "PRESCRIBER", "PRE06": "SAM",
    } | IN_FILE[fill.of]  # fmt: skip
    parts = [
        {"CDI01": f"{place}", "CDI02": "01", "CDI03": ndc, "CDI04": "1"}
        for place, ndc in enumerate(mixture_of(fill), start=1)
    ]
    return Dispensing(values | ({"DSP07": "06", "DSP08": COMPOUND} if parts else {}), parts)
