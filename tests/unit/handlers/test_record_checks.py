"""Each check by its id: what is wrong with a record in JSON is named by its field, and never by a patient's value (R45, R47)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from handlers.outcomes import Done, Outcome, Refuse
from messages.dispensation import DispensationRecordsSubmitted, DispensationRecordSubmitted
from messages.record_layout import NAMES
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import became, json_record, kept

INGREDIENTS = [
    {"number": 1, "product_id": "00093005801", "quantity": "2.5", "dosage_units": "03", "schedule": "02"},
    {"number": 2, "product_qualifier": "02", "product_id": "012345678905", "quantity": "10"},
]
COMPOUND = {"product_qualifier": "06", "product_id": "99999000001", "quantity": "2.5", "ingredients": INGREDIENTS}
EVERYTHING: dict[str, Any] = {
    "dispenser": {
        "npi": "1234567893", "ncpdp": "0700004", "name": "EXAMPLE PHARMACY",
        "details": {
            "address": "2 EXAMPLE ST", "address_2": "FLOOR 3", "city": "HARTFORD", "state": "CT", "zip": "06103-1234",
            "phone": "8605550100", "contact_name": "SAM SIDE", "chain_site_id": "17", "permit_number": "PCY.0001",
            "type": "02", "mail_order": "02",
        },
    },
    "patient": {
        "middle_name": "QUINN", "prefix": "DR", "suffix": "JR", "address_2": "APT 1", "phone": "8605550101", "species": "01",
        "id_jurisdiction": "CT", "id_qualifier": "06", "id": "E0001", "location": "01", "gender": "X",
        "details": {
            "alias": {"last_name": "SAMPLE", "first_name": "ROB"}, "race": "99", "ethnicity": "99", "animal_species": "02",
            "animal_location": "01", "additional_id": {"jurisdiction": "US", "qualifier": "05", "id": "P0001"},
        },
    },
    "prescriber": {
        "npi": "1234567893", "dea_suffix": "A1", "license_number": "CT0001", "license_jurisdiction": "CT", "middle_name": "LEE",
        "phone": "8605550102",
        "details": {"address": "3 EXAMPLE ST", "address_2": "A", "city": "HARTFORD", "state": "CT", "zip": "06103"},
    },
    "dosage_units": "01", "origin": "05", "partial_fill": 1, "sold_on": "2026-06-13", "treatment_type": "01", "diagnosis": "M545",
    "details": {
        "pharmacist": {"npi": "1234567893", "license_number": "P1", "last_name": "SIDE", "first_name": "SAM"},
        "written_time": "13:05:00Z", "filled_time": "14:05:00Z", "sold_time": "15:05:00Z",
        "rxnorm": {"qualifier": "01", "code": "313782"}, "sig": "TAKE 1 DAILY", "quantity_prescribed": "60",
        "electronic_prescription": {"reference_number": "E1", "order_number": "O1"}, "discount_card": "02", "schedule": "02",
        "remaining": {"quantity": "30", "dosage_units": "01"}, "additional_payment": {"type": "01", "discount_card": "01"},
    },
    "additional": {
        "serial_jurisdiction": "CT", "serial_number": "S1", "delivery": "01",
        "picked_up_by": {"id_jurisdiction": "CT", "id_qualifier": "06", "id": "E1", "relationship": "02", "last_name": "EXAMPLE",
                         "first_name": "KIM", "date_of_birth": "1979-05-05", "address": "1 EXAMPLE ST", "address_2": "APT 1",
                         "city": "HARTFORD", "state": "CT", "zip": "06103", "phone": "8605550101"},
        "dropped_off_by": {"relationship": "04", "last_name": "EXAMPLE", "date_of_birth": "1979-05-05"},
    },
}  # fmt: skip
LONG = "A" * 61

CASES: list[tuple[str, dict[str, Any], list[tuple[str, str, str]]]] = [
    ("nothing is wrong", {}, []),
    ("everything that can be told", EVERYTHING, []),
    ("a compound", COMPOUND, []),
    ("R02", {"prescription_number": "  "}, [("R02", "error", "prescription_number")]),
    ("R02 length", {"prescription_number": "7" * 26}, [("R02", "warning", "prescription_number")]),
    ("R04 born", {"patient": {"date_of_birth": "2026-06-16"}}, [("R04", "error", "patient.date_of_birth")]),
    (
        "R04 who picked it up",
        {"additional": {"picked_up_by": {"date_of_birth": "2026-06-16"}}},
        [("R04", "error", "additional.picked_up_by.date_of_birth")],
    ),
    ("R04 sold", {"sold_on": "2026-06-16"}, [("R04", "error", "sold_on")]),
    ("R05", {"written_on": "2026-06-13"}, [("R05", "error", "written_on")]),
    ("R06", {"filled_on": "2026-06-14", "sold_on": "2026-06-12"}, [("R06", "warning", "sold_on")]),
    ("R07", {"patient": {"date_of_birth": "2026-06-13"}}, [("R07", "error", "patient.date_of_birth")]),
    ("R07 age", {"patient": {"date_of_birth": "1901-01-01"}}, [("R07", "warning", "patient.date_of_birth")]),
    ("R08", {"fill_number": 1}, [("R08", "warning", "fill_number")]),
    ("R09", {"product_id": "123"}, [("R09", "error", "product_id")]),
    ("R09 hyphens", {"product_id": "0093-0058-01"}, [("R09", "warning", "product_id")]),
    ("R09 compound", COMPOUND | {"product_id": "00093005801"}, [("R09", "error", "product_id")]),
    (
        "R09 ingredient",
        COMPOUND | {"ingredients": [INGREDIENTS[0], INGREDIENTS[0] | {"number": 2, "product_id": "123"}]},
        [("R09", "error", "ingredients.1.product_id")],
    ),
    ("R10", {"product_qualifier": "06", "product_id": "99999000001"}, [("R10", "error", "product_qualifier")]),
    ("R10 no compound", {"ingredients": INGREDIENTS}, [("R10", "warning", "product_qualifier")]),
    (
        "R10 a gap",
        COMPOUND | {"ingredients": [INGREDIENTS[0], INGREDIENTS[1] | {"number": 3}]},
        [("R10", "warning", "ingredients.1.number")],
    ),
    ("R11", {"quantity": "12345678.0001"[:12]}, [("R11", "error", "quantity")]),
    (
        "R11 ingredient",
        COMPOUND | {"ingredients": [INGREDIENTS[0] | {"quantity": "1234567890.1"}]},
        [("R11", "error", "ingredients.0.quantity")],
    ),
    ("R12", {"days_supply": 0}, [("R12", "error", "days_supply")]),
    ("R12 year", {"days_supply": 366}, [("R12", "warning", "days_supply")]),
    ("R13 gender", {"patient": {"gender": "Q"}}, [("R13", "error", "patient.gender")]),
    ("R13 payment", {"payment_type": "77"}, [("R13", "error", "payment_type")]),
    ("R13 qualifier", {"product_qualifier": "77"}, [("R13", "error", "product_qualifier")]),
    (
        "R13 ingredient, which is no compound itself",
        COMPOUND | {"ingredients": [INGREDIENTS[1] | {"number": 1, "product_qualifier": "06"}]},
        [("R13", "error", "ingredients.0.product_qualifier")],
    ),
    ("R13 optional", {"origin": "77"}, [("R13", "warning", "origin")]),
    (
        "R13 details",
        {"details": {"schedule": "77", "discount_card": "03"}, "patient": {"details": {"race": "77"}}},
        [
            ("R13", "warning", "patient.details.race"),
            ("R13", "warning", "details.discount_card"),
            ("R13", "warning", "details.schedule"),
        ],
    ),
    (
        "R13 relationship of 5.0",
        {"additional": {"picked_up_by": {"relationship": "04"}, "dropped_off_by": {"relationship": "04"}}},
        [("R13", "warning", "additional.picked_up_by.relationship")],
    ),
    ("R14 address", {"patient": {"address": None, "city": " "}},
     [("R14", "error", "patient.address"), ("R14", "error", "patient.city")]),
    ("R14 no address abroad", {"patient": {"address": None, "city": None, "state": None, "zip": None, "country": "FRANCE"}}, []),
    ("R14 product", {"product_id": None}, [("R14", "error", "product_id")]),
    ("R14 cannabis has none", {"product_id": None, "product_qualifier": "07"}, []),
    ("R15 patient", {"patient": {"last_name": LONG}}, [("R15", "warning", "patient.last_name")]),
    ("R15 prescriber", {"prescriber": {"first_name": LONG}}, [("R15", "warning", "prescriber.first_name")]),
    ("R15 dispenser", {"dispenser": {"details": {"city": LONG}}}, [("R15", "warning", "dispenser.details.city")]),
    ("R15 sig", {"details": {"sig": "T" * 201}}, [("R15", "warning", "details.sig")]),
    ("R15 ingredient", COMPOUND | {"ingredients": [INGREDIENTS[1] | {"number": 1, "product_id": LONG}]},
     [("R15", "warning", "ingredients.0.product_id")]),
    ("R15 serial", {"additional": {"serial_jurisdiction": "CT", "serial_number": LONG}},
     [("R15", "warning", "additional.serial_number")]),
    ("R17 dispenser", {"dispenser": {"dea": "AB1234567"}}, [("R17", "error", "dispenser.dea")]),
    ("R17 prescriber", {"prescriber": {"dea": "AB1234567"}}, [("R17", "error", "prescriber.dea")]),
    ("R18", {"dispenser": {"dea": None}}, [("R18", "error", "dispenser.dea")]),
    ("R19 dispenser", {"dispenser": {"npi": "1234567890"}}, [("R19", "error", "dispenser.npi")]),
    ("R19 prescriber", {"prescriber": {"npi": "1234567890"}}, [("R19", "error", "prescriber.npi")]),
    ("R19 pharmacist", {"details": {"pharmacist": {"npi": "1234567890"}}}, [("R19", "warning", "details.pharmacist.npi")]),
    ("R20", {"dispenser": {"ncpdp": "0700006"}}, [("R20", "warning", "dispenser.ncpdp")]),
    ("R23", {"prescriber": {"dea": None}}, [("R23", "error", "prescriber.dea")]),
    ("R24", {"patient": {"id_qualifier": "06"}}, [("R24", "error", "patient.id")]),
    (
        "R24 additional",
        {"patient": {"details": {"additional_id": {"qualifier": "05"}}}},
        [("R24", "error", "patient.details.additional_id.id")],
    ),
    ("R24 serial", {"additional": {"serial_number": "S1"}}, [("R24", "error", "additional.serial_jurisdiction")]),
    ("R25", {"patient": {"state": "C1", "zip": "0610"}},
     [("R25", "warning", "patient.state"), ("R25", "warning", "patient.zip")]),
    ("R26", {"patient": {"species": "02"}}, [("R26", "warning", "patient.animal_name")]),
    ("R27", {"patient": {"first_name": "Unknown"}}, [("R27", "warning", "patient.first_name")]),
    ("R27 last name", {"patient": {"last_name": "PATIENT"}}, [("R27", "warning", "patient.last_name")]),
    ("R27 prescriber", {"prescriber": {"last_name": "Test"}}, [("R27", "warning", "prescriber.last_name")]),
]  # fmt: skip
PARAMETERS = pytest.mark.parametrize(
    ("changes", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """A good record with changes laid over it, part by part."""

    def over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
        parts = {name: over(below[name], part) for name, part in above.items() if isinstance(below.get(name), dict)}
        return below | above | parts

    return over(json_record(), changes)


async def one(bench: Bench, body: dict[str, Any]) -> Outcome:
    """Hand in one record as a message of its own."""
    return await bench.send(DispensationRecordSubmitted.model_validate_json(json.dumps(body)), sender="gateway")


async def listed(bench: Bench, body: dict[str, Any]) -> dict[str, Any]:
    """Hand in one record as a list; return its report."""
    text = json.dumps({"transaction": "L1", "records": [body]})
    outcome = await bench.send(DispensationRecordsSubmitted.model_validate_json(text), sender="gateway")
    assert isinstance(outcome, Done)
    assert outcome.result is not None
    return dict(outcome.result)


@PARAMETERS
async def test_r45_a_list_names_what_is_wrong(
    bench: Bench, changes: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    """Check, severity and field; only errors keep the record out. No sentence speaks of ASAP, or tells a person's value."""
    body = changed(changes)
    report = await listed(bench, body)
    assert [(fault["check"], fault["severity"], fault["field"]) for fault in report["faults"]] == expected
    assert ("with_errors" in became(report)) == any(severity == "error" for _, severity, _ in expected)
    told = " ".join(fault["message"] for fault in report["faults"])
    assert not re.search(r"\b(PHA|PAT|DSP|PRE|CDI|AIR)([0-9]{2})?\b|\.N\.", told)
    values = {value for part in ("patient", "prescriber") for value in body[part].values() if isinstance(value, str)}
    assert not [value for value in values if len(value) > 3 and value in told]


@PARAMETERS
async def test_r45_a_single_record_is_told_the_same(
    bench: Bench, changes: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    """Refused for its errors, or stored and told its warnings."""
    outcome = await one(bench, changed(changes))
    errors = [(check, field) for check, severity, field in expected if severity == "error"]
    if errors:
        assert isinstance(outcome, Refuse)
        assert (outcome.code, outcome.field) == errors[0]
        assert [(fault.code, fault.field) for fault in outcome.faults] == errors
        return
    assert isinstance(outcome, Done)
    assert outcome.result is not None
    warnings: Any = outcome.result.get("warnings", [])
    assert [(warning["check"], warning["field"]) for warning in warnings] == [
        (check, field) for check, _, field in expected
    ]


async def test_r50_every_field_is_kept_as_it_was_sent(bench: Bench) -> None:
    """In the text of a single record and of one in a list."""
    body = changed(EVERYTHING | COMPOUND) | {"status": "new"}
    body["ingredients"] = [INGREDIENTS[0] | {"product_qualifier": "01"}, INGREDIENTS[1]]
    await one(bench, body)
    await listed(bench, body | {"prescription_number": "800002"})
    (first,), (second,) = await kept(bench, "original")
    assert json.loads(first) == body
    assert json.loads(second) == body | {"prescription_number": "800002"}


def test_the_example_of_everything_leaves_nothing_out() -> None:
    """So that each field is seen to be kept, and to be faultless; of who dropped it off, what differs from who picked it up."""

    def paths(value: Any, path: str = "") -> set[str]:
        if isinstance(value, dict):
            return {each for name, part in value.items() for each in paths(part, f"{path}.{name}" if path else name)}
        if isinstance(value, list):
            return {each for part in value for each in paths(part, f"{path}.{{}}")}
        return {path}

    given = paths(changed(EVERYTHING | COMPOUND | {"status": "new"}))
    missing = {name for name in NAMES.values() if name not in given and "dropped_off_by" not in name}
    assert missing == {"ingredients", "patient.animal_name", "patient.country"}
