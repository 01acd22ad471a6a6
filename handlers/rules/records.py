"""A record in JSON is held to the same checks as one in a file, by the same ids (R45; ids of the checks, not the rules)."""

from __future__ import annotations

from datetime import date

from messages.asap.values import canonical_quantity
from messages.dispensation import DispensationRecordSubmitted
from messages.errors import FieldFault
from messages.identifiers import dea_is_valid, normalise_ndc, npi_is_valid
from store.dispensations import Content

_NDC = "01"


def fault_of(record: DispensationRecordSubmitted, today: date) -> FieldFault | None:
    """Return the first check that the record fails, or None."""
    dispenser, prescriber = record.dispenser, record.prescriber
    failed = (
        (
            "R18",
            "dispenser",
            not (dispenser.dea or dispenser.npi or dispenser.ncpdp),
            "has no DEA, NPI or NCPDP number",
        ),
        ("R17", "dispenser.dea", bool(dispenser.dea) and not dea_is_valid(dispenser.dea or ""), "is no DEA number"),
        ("R19", "dispenser.npi", bool(dispenser.npi) and not npi_is_valid(dispenser.npi or ""), "is no NPI"),
        ("R23", "prescriber", not (prescriber.npi or prescriber.dea), "has neither NPI nor DEA number"),
        ("R17", "prescriber.dea", bool(prescriber.dea) and not dea_is_valid(prescriber.dea or ""), "is no DEA number"),
        ("R19", "prescriber.npi", bool(prescriber.npi) and not npi_is_valid(prescriber.npi or ""), "is no NPI"),
        ("R04", "filled_on", record.filled_on > today, "lies in the future"),
        ("R05", "written_on", record.written_on > record.filled_on, "lies after filled_on"),
        ("R07", "patient.date_of_birth", record.patient.date_of_birth > record.filled_on, "lies after filled_on"),
        ("R12", "days_supply", record.days_supply < 1, "is not between 1 and 999"),
        (
            "R09",
            "product_id",
            record.product_qualifier == _NDC and normalise_ndc(record.product_id) is None,
            "is no NDC of 11 digits",
        ),
    )
    for check, field, is_wrong, text in failed:
        if is_wrong:
            return FieldFault(field, check, f"{field} {text}.")
    return None


def content_of(record: DispensationRecordSubmitted, original: str, today: date) -> Content:
    """Return what is kept of a record that passed its checks; with its text as it was sent (R50)."""
    dispenser, patient = record.dispenser, record.patient
    return Content(
        dispenser.dea or dispenser.npi or dispenser.ncpdp or "",
        record.prescription_number,
        record.filled_on.isoformat(),
        record.fill_number,
        canonical_quantity(f"{record.quantity:f}"),
        record.partial_fill,
        "active",
        today.isoformat(),
        record.written_on.isoformat(),
        record.days_supply,
        normalise_ndc(record.product_id) or record.product_id
        if record.product_qualifier == _NDC
        else record.product_id,
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
        "",
    )
