"""A list of records in JSON is what a file is: the same checks, the same identity, the same report (R45–R49)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.outcomes import Done, Outcome, Refuse
from messages.dispensation import DispensationRecordsSubmitted, DispensationRecordSubmitted
from tests.unit.handlers.bench import Bench
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
    assert bench.told == []
    other = await hand_in_list(bench, "L1", json_record("1"), json_record("2"))
    assert (other["verdict"], other["pharmacies"]) == ("failed", [])
    assert [fault["field"] for fault in other["faults"]] == ["transaction"]
    assert bench.told == [("submission.failed", "files@example.org")]


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
    assert (foreign.code, foreign.field) == ("R21", "dispenser.dea")


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


async def test_r47_a_dispenser_at_fault_is_named_once_and_none_of_its_records_is_stored(bench: Bench) -> None:
    """As a file's pharmacy is; another one's are stored. Whatever corrects them need not name the same dispenser."""
    wrong = {"dispenser": {"dea": "AB1234567"}}
    report = await hand_in_list(bench, "L1", json_record("1", **wrong), json_record("2"), json_record("3", **wrong))
    assert faults(report) == [("R17", "error", None)]
    assert [(one["stored"], one["with_errors"], one["total"]) for one in report["pharmacies"]] == [(0, 2, 2), (1, 0, 1)]
    cursor = await bench.store._reader.execute(
        "SELECT dispenser, prescription_number, checks FROM open_errors ORDER BY 2"
    )
    assert [tuple(row) for row in await cursor.fetchall()] == [("", "1", "R17"), ("", "3", "R17")]


@pytest.mark.parametrize("records", [[], [{}]])
async def test_r46_a_list_that_is_none_fails_as_a_whole(records: list[Any]) -> None:
    """Like a file that breaks the structure: the field at fault is named by its place."""
    body = json.dumps({"transaction": "L1", "records": records})
    with pytest.raises(ValueError, match="records"):
        DispensationRecordsSubmitted.model_validate_json(body)
