"""The checks that need the store: dispensers, drugs and deadlines (R21, R22, R28, R31 of the checks; R40–R44)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from handlers.outcomes import Defer, Done, Refuse
from handlers.rules.policy import Policy
from messages.dispensation import DispensationFileSubmitted
from messages.dispenser import DispenserExemptionDeclared
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.conftest import OpenBench
from tests.unit.handlers.dispensing import (
    CREATED,
    NERVE,
    PHARMACY,
    RESCUE,
    UNLISTED,
    as_test,
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
from tests.unit.handlers.test_record_lists import hand_in_list, hand_in_one


async def test_without_a_register_and_a_table_nothing_is_asked(bench: Bench) -> None:
    """A programme that loaded neither hears no complaint about either."""
    report = await hand_in(bench, file("T1", dispensing("1", PRE02=""), dispensing("2", DSP08=UNLISTED, DSP10="1")))
    assert became(report) == {"stored": 2}
    assert report["faults"] == []


async def test_r22_a_scheduled_drug_needs_the_prescribers_dea_number(bench: Bench) -> None:
    """Only a drug known to be scheduled asks for PRE02; with neither number it is R23's."""
    await load_drugs(bench)
    report = await hand_in(
        bench,
        file(
            "T1",
            dispensing("1", PRE02=""),
            dispensing("2", PRE02="", DSP08=NERVE),
            dispensing("3", PRE02="", PRE01=""),
            dispensing("4", PRE02="", DSP01="02"),
        ),
    )
    assert faults(report) == [("R23", "error", "3"), ("R22", "error", "1"), ("R29", "warning", "4")]
    assert became(report) == {"stored": 1, "with_errors": 2, "voids_not_found": 1}


async def test_r44_what_need_not_be_reported_is_stored_and_marked(bench: Bench) -> None:
    """A scheduled drug for 48 hours and naloxone for an animal are; gabapentin over 48 hours is reportable."""
    await load_drugs(bench)
    report = await hand_in(
        bench,
        file(
            "T1",
            dispensing("1", DSP10="2"),
            dispensing("2", DSP10="3"),
            dispensing("3", DSP08=NERVE, DSP10="2"),
            dispensing("4", DSP08=RESCUE, DSP10="1"),
            dispensing("5", DSP08=RESCUE, DSP10="1", PAT20="02", PAT23="REX"),
        ),
    )
    assert became(report) == {"stored": 5, "with_warnings": 3}
    marked = ("not_reportable", "R28")
    assert await kept(bench) == [marked, ("", ""), marked, ("", ""), marked]
    assert "nothing to correct" in report["faults"][0]["message"]


async def test_r44_an_ndc_not_in_the_table_is_stored_with_a_warning(bench: Bench) -> None:
    """Nor is it taken for a scheduled drug; a compound's number is none of a drug."""
    await load_drugs(bench)
    report = await hand_in(bench, file("T1", dispensing("1", DSP08=UNLISTED, PRE02="")))
    assert faults(report) == [("R09", "warning", "1")]
    assert became(report) == {"stored": 1, "with_warnings": 1}
    assert "tell the program" in report["faults"][0]["message"]


@pytest.mark.parametrize(
    ("fields", "kind", "is_late"),
    [
        ({"DSP05": "20260612"}, "pharmacy", False),
        ({"DSP05": "20260611"}, "pharmacy", True),
        ({"DSP05": "20260611", "DSP17": "20260612"}, "pharmacy", False),
        ({"DSP05": "20260611"}, "veterinarian", False),
        ({"DSP05": "20260608", "DSP03": "20260608"}, "veterinarian", False),
        ({"DSP05": "20260607", "DSP03": "20260607"}, "veterinarian", True),
    ],
)
async def test_r40_a_late_record_is_stored_and_marked(
    bench: Bench, fields: dict[str, str], kind: str, is_late: bool
) -> None:
    """The day sold counts, else the day filled; a veterinarian has seven days, the seventh included."""
    await register(bench, dispenser_kind=kind)
    report = await hand_in(bench, file("T1", dispensing("1", **fields)))
    assert await kept(bench) == [("late", "R31") if is_late else ("", "")]
    assert became(report) == {"stored": 1} | ({"with_warnings": 1} if is_late else {})


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(("said", "mark"), [("07", ""), ("01", "late")])
async def test_r41_asap_5_tells_a_veterinarian(bench: Bench, said: str, mark: str, is_known: bool) -> None:
    """PHA14 says it of one that is not registered; of one that is, the register does."""
    if is_known:
        await register(bench, dea="AS1234563", npi=None, ncpdp=None)
    await hand_in(bench, file("T1", dispensing("1", DSP05="20260611"), version="5.0", PHA14=said))
    assert await kept(bench, "marks") == [(mark,)]


async def test_r40_a_void_and_a_revision_are_not_late(bench: Bench) -> None:
    """A revision leaves a record late or in time, as it was."""
    old = {"DSP05": "20260601", "DSP03": "20260601"}
    bench.now = datetime(2026, 6, 2, 15, tzinfo=UTC)
    await hand_in(bench, file("T1", dispensing("1", **old), dispensing("3", **old), created_at=bench.now))
    bench.now = datetime(2026, 6, 15, 15, tzinfo=UTC)
    assert became(await hand_in(bench, file("T2", dispensing("2", **old)))) == {"stored": 1, "with_warnings": 1}
    records = [dispensing("1", "01", **old), dispensing("2", "01", **old), dispensing("3", "02", **old)]
    report = await hand_in(bench, file("T3", *records))
    assert (became(report), report["faults"]) == ({"revised": 2, "voided": 1}, [])
    assert await kept(bench, "marks") == [("",), ("late",), ("",)]


async def test_r40_a_revision_that_is_stored_as_new_may_be_late(bench: Bench) -> None:
    """Who sends what was never reported as a revision is as late as who sends it as new; files and JSON alike."""
    old = {"DSP05": "20260601", "DSP03": "20260601"}
    report = await hand_in(bench, file("T1", dispensing("1", "01", **old), dispensing("2", "01")))
    assert faults(report) == [("R29", "warning", "1"), ("R29", "warning", "2")]
    assert ["late" in fault["message"] for fault in report["faults"]] == [True, False]
    await hand_in(bench, file("T2", dispensing("1", "01", **old, DSP10="9"), created_at=CREATED + timedelta(hours=1)))
    outcome = await hand_in_one(
        bench, json_record("3", status="revise", filled_on="2026-06-01", written_on="2026-06-01")
    )
    assert isinstance(outcome, Done)
    assert await kept(bench, "marks, days_supply") == [("late", 9), ("", 10), ("late", 10)]


async def test_r29_a_revision_or_void_of_an_unknown_record_is_told(bench: Bench) -> None:
    """The revision is stored as new with a warning, the void counted as not found (R49)."""
    report = await hand_in(bench, file("T1", dispensing("1", "01"), dispensing("2", "02"), dispensing("3", "01")))
    assert faults(report) == [("R29", "warning", "1"), ("R29", "warning", "2"), ("R29", "warning", "3")]
    assert became(report) == {"stored": 2, "voids_not_found": 1, "with_warnings": 2}
    assert [fault["line"] for fault in report["faults"]] == [5, 8, 11]
    assert report["faults"][1]["message"].startswith(
        "Segment 8, DSP01 (Reporting Status): a void of a record that is not"
    )


async def test_checks_keep_to_their_severities(bench_of: OpenBench) -> None:
    """Late may be made an error or be switched off; it is marked all the same."""
    late = dispensing("1", DSP05="20260611")
    bench = await bench_of(check_severities={"R31": "off"})
    assert (await hand_in(bench, file("T1", late)))["faults"] == []
    assert await kept(bench) == [("late", "")]


async def test_a_check_may_be_made_an_error(bench_of: OpenBench) -> None:
    """What is late by the programme's own choice stays out, and the counts add up."""
    bench = await bench_of(check_severities={"R31": "error"})
    report = await hand_in(bench, file("T1", dispensing("1", DSP05="20260611", PAT20="02"), dispensing("2")))
    assert became(report) == {"stored": 1, "with_errors": 1}


async def test_a_check_made_a_warning_stores_what_it_found(bench_of: OpenBench) -> None:
    """A number of days that is none is kept as none, and nothing that asks for it fails."""
    bench = await bench_of(check_severities={"R05": "warning", "R12": "off", "R14": "warning"})
    await load_drugs(bench)
    await register(bench, facility="licensed_facility")
    bad = dispensing("1", DSP03="20260613", DSP10="1000")
    report = await hand_in(bench, file("T1", bad, dispensing("2", PAT18="")))
    assert became(report) == {"stored": 2, "with_warnings": 2}
    assert await kept(bench, "filled_on, quantity, days_supply") == [("2026-06-12", "30", 0), ("2026-06-12", "30", 10)]


@pytest.mark.parametrize("check", ["R02", "R03", "R08", "R11", "R18", "X01"])
def test_r48_a_setting_that_no_file_could_be_taken_by_is_told_at_the_start(check: str) -> None:
    """By the settings, not by the first file."""
    with pytest.raises(ValidationError, match=check):
        Policy(check_severities={check: "warning"})


async def test_r21_an_unknown_dispenser_is_told_once(bench: Bench) -> None:
    """One warning for the pharmacy, not one for each of its records; the records are stored."""
    await register(bench, dea="AS1234563", npi=None, ncpdp=None)
    report = await hand_in(bench, file("T1", dispensing("1"), dispensing("2")))
    assert faults(report) == [("R21", "warning", None)]
    assert became(report) == {"stored": 2}


async def test_r21_may_keep_records_out(bench_of: OpenBench) -> None:
    """As an error nothing of the pharmacy is stored."""
    bench = await bench_of(check_severities={"R21": "error"})
    await register(bench, dea="AS1234563", npi=None, ncpdp=None)
    report = await hand_in(bench, file("T1", dispensing("1"), dispensing("2", DSP09="none")))
    assert became(report) == {"with_errors": 2}
    assert await kept(bench) == []


OTHER = {"dea": "AS1234563", "npi": "1245319599", "ncpdp": "0700016", "name": "OTHER PHARMACY"}


@pytest.mark.parametrize(
    ("registered", "numbers", "is_told"),
    [
        ({}, {}, False),
        ({"dea": None}, {}, False),
        ({"dea": None, "ncpdp": None}, {}, False),
        ({}, {"PHA03": ""}, False),
        ({}, {"PHA03": "", "PHA01": ""}, False),
        ({}, {"PHA01": "1245319599"}, True),
        ({"npi": None}, {"PHA01": "1245319599"}, True),
        ({}, {"PHA02": "0700016"}, True),
        ({}, {"PHA03": "BB1234563"}, True),
        ({}, {"PHA03": "", "PHA02": "0700016"}, True),
    ],
)
async def test_r21_numbers_of_two_dispensers_are_told(
    bench: Bench, registered: dict[str, Any], numbers: dict[str, Any], is_told: bool
) -> None:
    """One number that the register lacks is no matter; one that it knows otherwise is told once, in files and JSON alike."""
    await register(bench, **OTHER)
    await register(bench, **registered)
    report = await hand_in(bench, file("T1", dispensing("1"), dispensing("2"), **numbers))
    assert faults(report) == ([("R21", "warning", None)] if is_told else [])
    assert became(report) == {"stored": 2}
    pha = PHARMACY | numbers
    dispenser = {"npi": pha["PHA01"] or None, "ncpdp": pha["PHA02"] or None, "dea": pha["PHA03"] or None}
    report = await hand_in_list(bench, "L1", json_record("3", dispenser=dispenser))
    assert [fault["field"] for fault in report["faults"]] == (["dispenser.dea"] if is_told else [])


async def test_r21_the_first_number_tells_whose_it_is(bench: Bench) -> None:
    """Who may send for the second alone may not send by it (R61); as an error, such numbers keep the records out."""
    await register(bench, submitters=("gateway",))
    await register(bench, **OTHER, submitters=("other",))
    message = DispensationFileSubmitted(body=file("T1", dispensing("1"), PHA01=OTHER["npi"]))
    assert isinstance(await bench.send(message, sender="other"), Refuse)
    assert isinstance(await bench.send(message, sender="gateway"), Done)
    reported = "SELECT dispenser FROM dispensers WHERE last_report_on <> ''"
    cursor = await bench.store._reader.execute(reported)
    assert [tuple(row) for row in await cursor.fetchall()] == [("AB1234563",)]


async def test_r21_mixed_numbers_may_keep_records_out(bench_of: OpenBench) -> None:
    """When a programme wants it so."""
    bench = await bench_of(check_severities={"R21.numbers": "error"})
    await register(bench, **OTHER)
    await register(bench)
    assert became(await hand_in(bench, file("T1", dispensing("1"), PHA01=OTHER["npi"]))) == {"with_errors": 1}


async def test_r21_may_hold_the_file(bench_of: OpenBench) -> None:
    """Set so, it waits for the registration; nothing of it is written before."""
    bench = await bench_of(unknown_dispenser_holds=True)
    await register(bench, dea="AS1234563", npi=None, ncpdp=None)
    message = DispensationFileSubmitted(body=file("T1", dispensing("1")))
    assert isinstance(await bench.send(message, sender="gateway"), Defer)
    await register(bench)
    assert isinstance(await bench.send(message, sender="gateway"), Done)


@pytest.mark.parametrize(
    ("facility", "fields", "mark"),
    [
        ("institutional", {"PAT21": "09"}, "exempt:inpatient"),
        *(
            (facility, {"PAT21": code}, "exempt:inpatient")
            for facility in ("institutional", "licensed_facility")
            for code in ("03", "07", "08", "11")
        ),
        *(("institutional", {"PAT21": code}, "late") for code in ("01", "04", "05", "06", "10")),
        ("institutional", {"PAT21": "01", "DSP24": "05"}, "late"),
        ("treatment_programme", {"DSP24": "02"}, "exempt:treatment"),
        ("licensed_facility", {"DSP10": "2"}, "exempt:short_supply"),
        (None, {"PAT21": "09", "DSP24": "02"}, "late"),
        (None, {"PAT21": "03"}, "late"),
    ],
)
async def test_r43_an_exempt_record_is_stored_and_marked(
    bench: Bench, facility: str | None, fields: dict[str, str], mark: str
) -> None:
    """It is never late; assisted living and hospice at home are not exempt, and a record alone exempts nothing."""
    await load_drugs(bench)
    await register(bench, facility=facility)
    report = await hand_in(bench, file("T1", dispensing("1", DSP05="20260611", **fields)))
    assert [row[0] for row in await kept(bench)] == [mark]
    assert bool(report["faults"]) is (mark == "late")


@pytest.mark.parametrize(
    ("said", "fields", "mark"),
    [
        ("05", {"DSP24": "02"}, "exempt:treatment"),
        ("04", {"PAT21": "09"}, "exempt:inpatient"),
        ("03", {"PAT21": "03"}, "exempt:inpatient"),
        ("03", {"PAT21": "05"}, "late"),
        ("01", {"PAT21": "03"}, "late"),
    ],
)
async def test_r43_asap_5_tells_what_the_dispenser_is(
    bench: Bench, said: str, fields: dict[str, str], mark: str
) -> None:
    """PHA14 says it where the register does not."""
    body = file("T1", dispensing("1", DSP05="20260611", **fields), version="5.0", PHA14=said)
    await hand_in(bench, body)
    assert await kept(bench, "marks") == [(mark,)]


async def test_r43_days_that_are_not_told_are_no_short_supply(bench_of: OpenBench) -> None:
    """A record whose days of supply cannot be read, stored all the same, is neither exempt nor not reportable (R44)."""
    bench = await bench_of(check_severities={"R12": "warning"})
    await load_drugs(bench)
    await register(bench, facility="licensed_facility")
    await hand_in(bench, file("T1", dispensing("1", DSP10="0")))
    assert await kept(bench) == [("", "R12")]


async def test_r43_a_standing_exemption_marks_what_is_reported_anyway(bench: Bench) -> None:
    """Within its days, both included."""
    await register(bench)
    message = DispenserExemptionDeclared(
        dispenser="AB1234563", exemption="sample", from_on=date(2026, 6, 1), to_on=date(2026, 6, 10)
    )
    assert isinstance(await bench.send(message), Done)
    days = {"1": "20260610", "2": "20260611"}
    await hand_in(bench, file("T1", *(dispensing(number, DSP05=day) for number, day in days.items())))
    assert await kept(bench) == [("exempt:sample", ""), ("late", "R31")]


async def test_faults_beyond_the_list_are_counted(bench: Bench) -> None:
    """A late file of many records lists the first hundred faults and tells how many there are."""
    report = await hand_in(bench, file("T1", *(dispensing(f"{n}", DSP05="20260611") for n in range(130))))
    assert (len(report["faults"]), report["faults_total"]) == (100, 130)
    assert became(report) == {"stored": 130, "with_warnings": 130}


async def test_no_error_of_the_stores_checks_is_left_out_for_a_warning(bench: Bench) -> None:
    """What the register and the drug table keep out is told, however many warnings the file has of its own."""
    await load_drugs(bench)
    warned = [dispensing(f"{n}", DSP12="77") for n in range(130)]
    report = await hand_in(bench, file("T1", *warned, dispensing("bad", PRE02="", PRE01="1234567893")))
    assert (len(report["faults"]), report["faults_total"]) == (100, 131)
    assert [fault for fault in faults(report) if fault[1] == "error"] == [("R22", "error", "bad")]
    assert became(report) == {"stored": 130, "with_warnings": 130, "with_errors": 1}


@pytest.mark.parametrize(
    ("check", "fields", "told"),
    [
        ("R21", {"PHA01": "", "PHA02": "", "PHA03": "AS1234563"}, ("R21", "error", None)),
        ("R21.numbers", {"PHA01": "1245319599"}, ("R21", "error", None)),
        ("R31", {}, ("R31", "error", "1")),
    ],
)
async def test_f14_a_test_file_is_held_to_the_same_checks(
    bench_of: OpenBench, check: str, fields: dict[str, str], told: tuple[str, str, str | None]
) -> None:
    """Its counts are those that it would have in earnest (R21, R31); nothing is stored, nor open to be corrected."""
    bench = await bench_of(check_severities={check: "error"})
    await register(bench)
    in_earnest = file("T1", dispensing("1", DSP05="20260611"), created_at=CREATED, **fields)
    report = await hand_in(bench, as_test(in_earnest))
    assert told in faults(report)
    (counts,) = report["pharmacies"]
    assert (counts["valid"], counts["with_errors"]) == (0, 1)
    opened = await bench.store._reader.execute("SELECT seq FROM open_errors")
    assert (await kept(bench), await opened.fetchall()) == ([], [])
    assert became(await hand_in(bench, in_earnest)) == {"with_errors": 1}
