"""A list of records in JSON is what a file is: the same checks, the same identity, the same report (R45–R49)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.outcomes import Done, Outcome, Refuse
from handlers.reading import check_rules
from handlers.rules.policy import Policy
from handlers.rules.records import findings_of
from messages.asap.check import check_file
from messages.dispensation import DispensationRecordsSubmitted, DispensationRecordSubmitted, Record
from tests.unit.handlers.bench import NOW, Bench
from tests.unit.handlers.dispensing import (
    NERVE,
    UNLISTED,
    became,
    dispensing,
    faults,
    file,
    hand_in,
    json_record,
    kept,
    load_drugs,
    register,
)

POLICY = Policy()


def message(
    transaction: str, *records: dict[str, Any], created_at: datetime | None = None
) -> DispensationRecordsSubmitted:
    """A list as a gateway sends it."""
    body: dict[str, Any] = {"transaction": transaction, "records": records}
    if created_at is not None:
        body["created_at"] = created_at.isoformat()
    return DispensationRecordsSubmitted.model_validate_json(json.dumps(body))


async def hand_in_list(bench: Bench, *args: Any, **more: Any) -> dict[str, Any]:
    """Hand in a list; return its report."""
    outcome = await bench.send(message(*args, **more), sender="gateway")
    assert isinstance(outcome, Done)
    assert outcome.result is not None
    return dict(outcome.result)


async def hand_in_one(bench: Bench, record: dict[str, Any], *, sender: str = "gateway") -> Outcome:
    """Hand in one record as a message of its own."""
    return await bench.send(DispensationRecordSubmitted.model_validate_json(json.dumps(record)), sender=sender)


async def test_r47_each_record_has_its_outcome_in_the_report(bench: Bench) -> None:
    """One at fault is named by place, prescription and field; the others are stored, and the submitter is told."""
    report = await hand_in_list(bench, "L1", json_record("1"), json_record("2", days_supply=0), json_record("1"))
    assert became(report) == {"stored": 1, "duplicates": 1, "with_errors": 1}
    (fault,) = report["faults"]
    assert (fault["check"], fault["line"], fault["prescription"], fault["field"]) == ("R12", 2, "2", "days_supply")
    assert fault["message"].startswith("Record 2, days_supply: ")
    assert fault["message"].endswith("correct it and send the record again.")
    assert bench.told == [("submission.status_report", "files@example.org")]


async def test_f11_a_list_sent_again_changes_nothing(bench: Bench) -> None:
    """The same report and no second e-mail; another list under its number is told that nothing of it was stored."""
    first = await hand_in_list(bench, "L1", json_record("1"))
    assert await hand_in_list(bench, "L1", json_record("1")) == first
    other = await hand_in_list(bench, "L1", json_record("1"), json_record("2"))
    assert (other["pharmacies"], [fault["field"] for fault in other["faults"]]) == (
        first["pharmacies"],
        ["transaction"],
    )
    assert bench.told == []


async def test_r48_files_lists_and_single_records_share_their_identity(bench: Bench) -> None:
    """Whichever way a record comes, it is stored once; a small letter in the DEA number changes nothing."""
    await hand_in(bench, file("T1", dispensing("1")))
    report = await hand_in_list(bench, "L1", json_record("1", dispenser={"dea": "ab1234563"}), json_record("2"))
    assert report["pharmacies"][0]["duplicates"] == 1
    assert await hand_in_one(bench, json_record("2")) == Done({"verdict": "duplicate"})


async def test_r49_new_revise_and_void_of_one_list_take_effect_in_its_order(bench: Bench) -> None:
    """Also of several dispensers at once."""
    other = {"dispenser": {"dea": "AS1234563"}}
    report = await hand_in_list(
        bench, "L1", json_record("1"), json_record("1", **other), json_record("1", status="void"),
        json_record("1", status="revise", days_supply=3), json_record("9", status="void", **other),
    )  # fmt: skip
    first, second = report["pharmacies"]
    assert (first["stored"], first["voided"], first["total"]) == (2, 1, 3)
    assert (second["stored"], second["voids_not_found"]) == (1, 1)
    assert await kept(bench, "dispenser, state, days_supply") == [
        ("AB1234563", "active", 3), ("AS1234563", "active", 10), ("AS1234563", "voided", 10)
    ]  # fmt: skip


async def test_the_stores_checks_hold_for_lists_and_single_records(bench: Bench) -> None:
    """R09, R22, R31 and R21 name the fields of JSON."""
    await load_drugs(bench)
    await register(bench, submitters=("gateway",))
    no_dea = {"npi": "1234567893", "last_name": "PRESCRIBER", "first_name": "SAM"}
    records = [
        json_record("1", product_id=UNLISTED),
        json_record("2", prescriber=no_dea),
        json_record("3", filled_on="2026-06-11"),
        json_record("4", product_id=NERVE, days_supply=2),
    ]
    report = await hand_in_list(bench, "L1", *records)
    assert faults(report) == [
        ("R09", "warning", "1"),
        ("R22", "error", "2"),
        ("R31", "warning", "3"),
        ("R28", "warning", "4"),
    ]
    assert [fault["field"] for fault in report["faults"]] == [
        "product_id",
        "prescriber.dea",
        "filled_on",
        "days_supply",
    ]
    again = [json_record(f"1{place}", **{k: v for k, v in one.items() if k != "prescription_number"})
             for place, one in enumerate(records)]  # fmt: skip
    outcomes = [await hand_in_one(bench, one) for one in again]
    assert [one.code for one in outcomes if isinstance(one, Refuse)] == ["R22"]
    warned = [one.result["warnings"][0]["check"] for one in outcomes if isinstance(one, Done) and one.result]  # type: ignore[index,call-overload]
    assert warned == ["R09", "R31", "R28"]
    assert await kept(bench, "marks") == [("",), ("",), ("late",), ("not_reportable",), ("late",), ("not_reportable",)]
    foreign = await hand_in_one(bench, json_record("5"), sender="other")
    assert isinstance(foreign, Refuse)
    assert (foreign.code, foreign.field) == ("R21", "dispenser")


async def test_r49_an_older_list_does_not_overwrite_a_newer_file(bench: Bench) -> None:
    """Its revision is kept in the history, and the record says what the newer one said."""
    await hand_in(bench, file("T1", dispensing("1", DSP10="20")))
    newer = datetime(2026, 6, 15, 14, 30, tzinfo=UTC)
    await hand_in_list(bench, "L2", json_record("1", status="revise", days_supply=7), created_at=newer)
    report = await hand_in_list(
        bench, "L3", json_record("1", status="revise", days_supply=9), created_at=newer - timedelta(minutes=10)
    )
    assert became(report) == {"revised": 1}
    assert await kept(bench, "state, days_supply") == [("active", 7)]


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "dispenser": st.sampled_from([{"dea": "AB1234567"}, {"npi": "1234567890"}, {"npi": "1234567893"}, {"ncpdp": "1"}]),
        "prescriber": st.sampled_from(
            [
                {"last_name": "A", "first_name": "B"}, {"dea": "AB1234567", "last_name": "A", "first_name": "UNKNOWN"},
                {"npi": "1234567890", "last_name": "A", "first_name": "B"},
            ]
        ),
        "written_on": st.sampled_from(["2026-06-13", "2026-06-16"]),
        "filled_on": st.sampled_from(["2026-06-09", "2026-06-16", "2026-06-15"]),
        "sold_on": st.sampled_from(["2026-06-11", "2026-06-12", "2026-06-16"]),
        "fill_number": st.integers(0, 2),
        "days_supply": st.sampled_from([0, 1, 365, 366, 999]),
        "product_id": st.sampled_from(["0093-0058-01", "93-58", "123", "00093005801"]),
        "quantity": st.sampled_from(["0.5", "030", "1234567"]),
        "payment_type": st.sampled_from(["04", "77"]),
        "origin": st.sampled_from(["05", "77"]),
        "dosage_units": st.sampled_from(["01", "07"]),
        "treatment_type": st.sampled_from(["02", "88"]),
        "prescription_number": st.sampled_from(["7", "X" * 26]),
    },
)  # fmt: skip
PATIENT = st.fixed_dictionaries(
    {},
    optional={
        "date_of_birth": st.sampled_from(["1900-01-01", "2026-06-14", "2026-06-16", "1980-01-01"]),
        "state": st.sampled_from(["CT", "X"]),
        "zip": st.sampled_from(["06103", "0610", "061031234"]),
        "species": st.sampled_from(["01", "02", "09"]),
        "id_qualifier": st.sampled_from(["06", "55"]),
        "last_name": st.sampled_from(["UNKNOWN", "EXAMPLE"]),
        "location": st.sampled_from(["09", "55"]),
    },
)  # fmt: skip


def as_dispensing(record: Record) -> tuple[dict[str, Any], Any]:
    """The same record in ASAP: the pharmacy's values, and the dispensing."""

    def day(value: Any) -> str:
        return f"{value:%Y%m%d}" if value else ""

    who, patient, prescriber = record.dispenser, record.patient, record.prescriber
    pharmacy = {"PHA01": who.npi or "", "PHA02": who.ncpdp or "", "PHA03": who.dea or ""}
    values = {
        "PAT02": patient.id_qualifier, "PAT03": patient.id, "PAT07": patient.last_name, "PAT08": patient.first_name,
        "PAT15": patient.state, "PAT16": patient.zip, "PAT18": day(patient.date_of_birth), "PAT20": patient.species,
        "PAT21": patient.location, "DSP02": record.prescription_number, "DSP03": day(record.written_on),
        "DSP04": str(record.refills_authorized), "DSP05": day(record.filled_on), "DSP06": str(record.fill_number),
        "DSP08": record.product_id, "DSP09": f"{record.quantity:f}", "DSP10": str(record.days_supply),
        "DSP11": record.dosage_units, "DSP12": record.origin, "DSP16": record.payment_type, "DSP17": day(record.sold_on),
        "DSP24": record.treatment_type, "PRE01": prescriber.npi, "PRE02": prescriber.dea, "PRE05": prescriber.last_name,
        "PRE06": prescriber.first_name,
    }  # fmt: skip
    return pharmacy, dispensing(**{name: value or "" for name, value in values.items()})


@settings(max_examples=300, deadline=None)
@given(CHANGES, PATIENT)
def test_r45_a_record_fails_the_same_checks_in_json_as_in_a_file(
    changes: dict[str, Any], patient: dict[str, Any]
) -> None:
    """Whatever is wrong with it, the ids and severities of what is found are the same."""
    body = json_record(**changes)
    body["patient"] = body["patient"] | patient
    record = Record.model_validate_json(json.dumps(body))
    rules = check_rules(POLICY, POLICY.local_date(NOW))
    in_json = {(one.check.partition(".")[0], rules.severity(one.check)) for one in findings_of(record, rules.today)}
    pharmacy, dispensed = as_dispensing(record)
    report = check_file(file("T1", dispensed, **pharmacy), rules)
    assert in_json == {(fault.check, fault.severity) for fault in report.faults}


@pytest.mark.parametrize("records", [[], [{}]])
async def test_r46_a_list_that_is_none_fails_as_a_whole(records: list[Any]) -> None:
    """Like a file that breaks the structure: the field at fault is named by its place."""
    body = json.dumps({"transaction": "L1", "records": records})
    with pytest.raises(ValueError, match="records"):
        DispensationRecordsSubmitted.model_validate_json(body)
