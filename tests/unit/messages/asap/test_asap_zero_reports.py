"""Zero reports: a pharmacy had nothing to dispense, and says so for a period (R42)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from messages.asap.reader import Reading
from messages.asap.severities import Setting
from messages.asap.values import ZeroReport
from messages.asap.writer import write_zero_report
from tests.unit.messages.asap.asap_files import CREATED_AT, PHARMACY, file_of, recounted, rules, segments, told

ZERO = write_zero_report(
    "4.2A", "ZERO-1", CREATED_AT, PHARMACY, begins_on=date(2026, 11, 17), ends_on=date(2026, 11, 23)
)


def read(body: bytes) -> Reading:
    """Read a file to its end."""
    reading = Reading(body, rules())
    assert [record for chunk in reading.chunks() for record in chunk] == []
    return reading


def test_the_period_is_that_of_the_message() -> None:
    """IS03 carries the period; every other required field is waived."""
    reading = read(ZERO)
    assert reading.verdict == "zero_report"
    assert reading.faults == ()
    assert list(reading.zero_reports) == [ZeroReport(0, "2026-11-17", "2026-11-23", 5, True)]
    assert reading.report().pharmacies[0].total == 0


@pytest.mark.parametrize("message", [b"", b"*NIGHTLY", b"*8605550100", b"*STORE #12"], ids=str)
def test_without_a_period_it_covers_the_day_of_dsp05(message: bytes) -> None:
    """No period, and nothing that is meant to be one: the day of DSP05."""
    (zero,) = read(ZERO.replace(b"*#20261117#-#20261123#", message)).zero_reports
    assert (zero.begins_on, zero.ends_on, zero.is_valid) == ("2026-11-23", "2026-11-23", True)


FAULTY: Sequence[tuple[str, dict[bytes, bytes], str, str, str]] = [
    ("none", {b"*#20261117#-#20261123#": b"", b"DSP*****20261123": b"DSP"}, "R03", "DSP05", "without its period"),
    ("no-date", {b"#20261117#": b"#20261132#"}, "R03", "IS03", "no period"),
    ("hyphens", {b"#20261117#-#20261123#": b"#2026-11-17#-#2026-11-23#"}, "R03", "IS03", "no period"),
    ("without-marks", {b"#20261117#-#20261123#": b"20261117-20261123"}, "R03", "IS03", "no period"),
    ("half", {b"#20261117#-#20261123#": b"#20261117#-"}, "R03", "IS03", "no period"),
    ("reversed", {b"#20261117#-#20261123#": b"#20261123#-#20261117#"}, "R03", "IS03", "ends before it begins"),
    ("not-over", {b"#-#20261123#": b"#-#20261203#"}, "R04", "IS03", "ends in the future"),
    (
        "day-not-over",
        {b"*#20261117#-#20261123#": b"", b"DSP*****20261123": b"DSP*****20261125"},
        "R04",
        "DSP05",
        "future",
    ),
    ("years", {b"#20261117#-": b"#20251122#-"}, "R12", "IS03", "has 367 days"),
    ("void", {b"DSP*****2026": b"DSP*02****2026"}, "R01", "DSP01", "cannot be voided"),
    ("pharmacy", {b"BX1234563": b"ZZ1234567"}, "R17", "PHA03", "check digit"),
]


@pytest.mark.parametrize(
    ("changes", "check", "field", "text"), [case[1:] for case in FAULTY], ids=[case[0] for case in FAULTY]
)
def test_a_zero_report_at_fault_is_told_and_does_not_count(
    changes: dict[bytes, bytes], check: str, field: str, text: str
) -> None:
    """No period, one that cannot be, or no such pharmacy: nothing is confirmed, and the fault stands where it is."""
    body = ZERO
    for old, new in changes.items():
        assert old in body
        body = body.replace(old, new)
    reading = read(body)
    (fault,) = reading.faults
    assert (fault.check, fault.severity, fault.field) == (check, "error", field)
    assert (fault.segment, fault.line) == (field[:-2], {"IS03": 2, "PHA03": 3, "DSP01": 5, "DSP05": 5}[field])
    assert text in fault.message
    assert [zero.is_valid for zero in reading.zero_reports] == [False]
    assert "record is" not in fault.message


def test_a_period_of_several_pharmacies_is_faulted_once() -> None:
    """Each reports what IS03 says; it is wrong in one place. Another source has its own."""
    parts = segments(ZERO)
    whole = recounted(
        [*parts[:-1], *parts[2:-1], *[part.replace("#20261123#", "#20261201#") for part in parts[1:-1]], parts[-1]]
    )
    reading = read(whole)
    assert [(zero.pharmacy, zero.is_valid) for zero in reading.zero_reports] == [(0, True), (1, True), (2, False)]
    assert [(fault.check, fault.line) for fault in reading.faults] == [("R04", 13)]
    swapped = [part.replace("#20261123#", "#20261201#") for part in parts]
    both = read(recounted([*swapped[:-1], *swapped[2:-1], swapped[-1]]))
    assert [zero.is_valid for zero in both.zero_reports] == [False, False]
    assert [(fault.check, fault.line) for fault in both.faults] == [("R04", 2)]


@pytest.mark.parametrize("comes_first", [True, False])
def test_a_zero_report_beside_records_of_the_same_pharmacy_is_told(comes_first: bool) -> None:
    """One of the two is wrong; where it stands changes nothing. As an error it keeps the zero report from counting."""
    records, zero = segments(file_of()), segments(ZERO)[3:-2]
    place = 3 if comes_first else -2
    body = recounted([*records[:place], *zero, *records[place:]])
    given: Sequence[tuple[Setting, bool]] = (("warning", True), ("error", False))
    for severity, counts in given:
        reading = Reading(body, rules({"R27": severity}))
        assert [one.is_valid for chunk in reading.chunks() for one in chunk] == [True]
        assert [zero.is_valid for zero in reading.zero_reports] == [counts]
        assert told(reading.faults) == {("R27", severity, "PAT07")}
        assert reading.faults[0].line == (4 if comes_first else 8)


def test_full_length_with_every_segment_and_any_letter_case() -> None:
    """All segments may be there, with harmless defaults, and the marker in any case (TP01 is then 7)."""
    parts = segments(ZERO)
    parts[3] = "PAT*******Report*Zero" + "*" * 11 + "*01***"
    parts[4] = "DSP*00****20261123" + "*" * 20
    parts[5:6] = ["PRE" + "*" * 9, "CDI*****", "AIR***********"]
    assert read(recounted(parts)).verdict == "zero_report"


def test_a_file_may_hold_a_zero_report_beside_records() -> None:
    """Each PHA block speaks for itself: one with nothing, one with records."""
    zero = segments(ZERO)[2:-1]
    records = segments(file_of())
    reading = Reading(recounted([*records[:-1], *zero, records[-1]]), rules())
    assert sum(len(chunk) for chunk in reading.chunks()) == 1
    assert reading.verdict == "accepted"
    assert [zero.pharmacy for zero in reading.zero_reports] == [1]
    assert told(reading.faults) == set()
