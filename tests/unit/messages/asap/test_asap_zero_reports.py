"""Zero reports: a pharmacy had nothing to dispense, and says so for a period (R42)."""

from __future__ import annotations

from datetime import date

import pytest

from messages.asap.reader import Reading
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


@pytest.mark.parametrize("message", [b"", b"*NIGHTLY", b"*#20261132#-#20261123#", b"*#20261123#-#20261117#"], ids=str)
def test_without_a_period_it_covers_the_day_of_dsp05(message: bytes) -> None:
    """No period, or none that is one: the day of DSP05."""
    (zero,) = read(ZERO.replace(b"*#20261117#-#20261123#", message)).zero_reports
    assert (zero.begins_on, zero.ends_on, zero.is_valid) == ("2026-11-23", "2026-11-23", True)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({b"*#20261117#-#20261123#": b"", b"DSP*****20261123": b"DSP"}, "R03"),
        ({b"#-#20261123#": b"#-#20261203#"}, "R04"),
        ({b"BX1234563": b"ZZ1234567"}, "R17"),
    ],
    ids=["R03", "R04", "R17"],
)
def test_a_zero_report_at_fault_is_told_and_does_not_count(changes: dict[bytes, bytes], check: str) -> None:
    """No period, one that is not over, or no such pharmacy: nothing is confirmed."""
    body = ZERO
    for old, new in changes.items():
        assert old in body
        body = body.replace(old, new)
    reading = read(body)
    assert [fault.check for fault in reading.faults] == [check]
    assert [zero.is_valid for zero in reading.zero_reports] == [False]
    assert "record is" not in reading.faults[0].message


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
