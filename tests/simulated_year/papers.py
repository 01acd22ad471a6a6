"""What the story says, written as pharmacies write it: dates, numbers, records in JSON and in ASAP files."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from handlers.rules.patients import Person, patient_key
from messages.asap.writer import Dispensing
from tests.simulated_year.model import Fill
from tests.simulated_year.story import Said

NEW_YEAR = date(2026, 1, 1)
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700006", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}
DRUGS = {"II": "00000000201", "III": "00000000301", "IV": "00000000401", "V": "00000000501", "other": "00000000901"}
COMPOUND = "99999000001"
HOSPITAL = "AH1234563"
ACUTE_CARE, HOSPITAL_PHARMACY = "09", "04"
"""PAT21 and PHA14 of what is exempt (R43)."""


def on(day: int) -> date:
    """So many days after New Year."""
    return NEW_YEAR + timedelta(days=day)


def dea(prescriber: str) -> str:
    """A made-up DEA number with its check digit."""
    digits = f"{int(prescriber[1:]) + 100000:06d}"
    odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
    return f"AX{digits}{(odd + 2 * even) % 10}"


def number_of(prescriber: str) -> tuple[str, str]:
    """A DEA number and a suffix: every third prescriber is a resident, who writes under the hospital's number."""
    number = int(prescriber[1:])
    return (HOSPITAL, f"R{number}") if number % 3 == 2 else (dea(prescriber), "")


FACTS = ("last_name", "first_name", "date_of_birth", "gender", "zip")
"""What a review says of a patient."""


def patient_of(patient: str) -> dict[str, str]:
    """What a record in JSON says of a patient; P1, P11, P21 … say what those before them do, but for the ZIP code."""
    number, is_namesake = int(patient[1:]), patient.endswith("1")
    letters = "".join(chr(ord("A") + int(digit)) for digit in f"{number - is_namesake}")
    return {
        "last_name": f"EXAM-PLE{letters}", "first_name": "ROBIN", "address": "1 EXAMPLE ST", "city": "HARTFORD",
        "state": "CT", "zip": "06105" if is_namesake else "06103", "date_of_birth": "1980-01-01", "gender": "F",
    }  # fmt: skip


def id_of(patient: str) -> str:
    """The id that the programme's answers tell a portal."""
    facts = patient_of(patient)
    return patient_key(Person(*(facts[name] for name in FACTS)))


def mixture_of(fill: Fill) -> list[str]:
    """What every fifth is mixed of, the mildest first: its own drug, and what is milder than that. Others are none."""
    order = list(DRUGS.values())
    return order[order.index(DRUGS[fill.schedule]) :][::-1] if fill.number % 5 == 0 else []


def record_of(said: Said) -> dict[str, Any]:
    """A record in JSON."""
    fill = said.fill
    number, suffix = number_of(fill.prescriber)
    parts = [
        {"number": place, "product_id": ndc, "quantity": "1"} for place, ndc in enumerate(mixture_of(fill), start=1)
    ]
    patient = patient_of(fill.patient)
    if fill.of == "animal":
        patient |= {"species": "02", "animal_name": "REX"}
    dispenser: dict[str, Any] = {"dea": "AB1234563"}
    if fill.of == "inpatient":
        patient |= {"location": ACUTE_CARE}
        dispenser["details"] = {"type": HOSPITAL_PHARMACY}
    mixed = {"product_qualifier": "06", "product_id": COMPOUND, "ingredients": parts} if parts else {}
    return {
        "status": said.what, "dispenser": dispenser, "patient": patient,
        "prescriber": {"dea": number, "dea_suffix": suffix or None, "last_name": "PRESCRIBER", "first_name": "SAM"},
        "prescription_number": f"{fill.number}", "written_on": on(fill.written).isoformat(), "refills_authorized": 0,
        "filled_on": on(fill.filled).isoformat(), "fill_number": 0, "product_id": DRUGS[fill.schedule],
        "quantity": "30", "days_supply": fill.days, "payment_type": "04",
    } | mixed  # fmt: skip


def dispensing_of(fill: Fill) -> Dispensing:
    """A record in a file."""
    patient = patient_of(fill.patient)
    number, suffix = number_of(fill.prescriber)
    values = {
        "PAT07": patient["last_name"].replace("-", " "), "PAT08": patient["first_name"], "PAT12": patient["address"],
        "PAT14": patient["city"], "PAT15": "CT", "PAT16": patient["zip"], "PAT18": "19800101", "PAT19": "F", "PAT20": "01",
        "DSP01": "00", "DSP02": f"{fill.number}", "DSP03": f"{on(fill.written):%Y%m%d}", "DSP04": "0",
        "DSP05": f"{on(fill.filled):%Y%m%d}", "DSP06": "0", "DSP07": "01", "DSP08": DRUGS[fill.schedule],
        "DSP09": "30", "DSP10": f"{fill.days}", "DSP11": "01", "DSP12": "05", "DSP13": "00", "DSP16": "04",
        "PRE02": number, "PRE03": suffix, "PRE05": "PRESCRIBER", "PRE06": "SAM",
    }  # fmt: skip
    parts = [
        {"CDI01": f"{place}", "CDI02": "01", "CDI03": ndc, "CDI04": "1"}
        for place, ndc in enumerate(mixture_of(fill), start=1)
    ]
    return Dispensing(values | ({"DSP07": "06", "DSP08": COMPOUND} if parts else {}), parts)
