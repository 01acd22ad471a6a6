"""Whatever happens to a good file on its way, it gets a verdict, and no good record is lost without a named fault (R46)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from handlers.reading import ReadSubmission, read_file
from handlers.reporting import result_of
from handlers.rules.policy import Policy
from handlers.screened import screened
from handlers.screening import Screen
from store.dispensers import Dispenser
from tests.unit.handlers.dispensing import OPIOID, TABLE, dispensing, file

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
POLICY = Policy()
NUMBERS = ("RX1", "RX2", "RX3", "RX4")
GOOD = file(
    "T1", *(dispensing(number, status) for number, status in zip(NUMBERS, ("00", "00", "01", "02"), strict=True))
)
KNOWN = Dispenser("AB1234563", "EXAMPLE", "pharmacy", "", "AB1234563", "", "", "a@example.org", ("gateway",))

DAMAGE = st.tuples(
    st.sampled_from(["cut", "double", "swap", "flip", "insert", "end"]),
    st.integers(0, len(GOOD)),
    st.integers(1, 300),
    st.integers(0, 7),
    st.sampled_from([b"~", b"*", b"\r\n", b"TH*", b"\0", b"\xff", b"~~", b"DSP*"]),
)


def damaged(body: bytes, how: str, start: int, length: int, bit: int, inserted: bytes) -> bytes:
    """The file after one accident."""
    start = min(start, len(body))
    piece = body[start : start + length]
    match how:
        case "cut":
            return body[:start] + body[start + length :]
        case "double":
            return body[:start] + piece + body[start:]
        case "swap":
            return body[:start] + body[start + length : start + 2 * length] + piece + body[start + 2 * length :]
        case "flip":
            return body[:start] + bytes(byte ^ 1 << bit for byte in body[start : start + 1]) + body[start + 1 :]
        case "insert":
            return body[:start] + inserted + body[start:]
        case _:
            return body[:start]


def taken(read: ReadSubmission) -> tuple[list[str], int, int]:
    """Prescription numbers to be stored, records in error, and faults told; the counts add up (R47)."""
    table = {OPIOID: TABLE[0]}
    screen = Screen({"AB1234563": KNOWN}, table, POLICY.local_date(NOW), POLICY)
    sources = [screen.source((one.dea, one.npi, one.ncpdp), "", "gateway") for one in read.pharmacies]
    after = screened(read, screen, sources)
    kept = [content.prescription_number for run in after.runs for content in run.contents]
    total = sum(counts.total for counts in after.report.pharmacies)
    errors = sum(counts.with_errors for counts in after.report.pharmacies)
    if after.report.verdict not in ("failed", "test"):
        assert len(kept) + errors == total
        assert len(after.errors) == errors
    assert all(counts.valid + counts.with_errors == counts.total for counts in after.report.pharmacies)
    assert json.loads(json.dumps(result_of(after.report, [])))["verdict"] == after.report.verdict
    told = after.report.faults
    assert len(told) == min(after.report.faults_total, read.rules.faults_listed)
    assert (after.report.verdict == "failed") is any(fault.severity == "file" for fault in told)
    assert not any("EXAMPLE" in fault.message or "ROBIN" in fault.message for fault in told)
    return kept, errors, after.report.faults_total


@settings(max_examples=400)
@given(st.lists(DAMAGE, min_size=1, max_size=3))
@example([("swap", 300, 22, 0, b"~"), ("swap", 233, 45, 0, b"~")])  # a name in the place of a code
@example([("flip", GOOD.index(b"T1*"), 1, 0, b"")])
@example([("cut", GOOD.index(b"PAT*"), 300, 0, b"")])
def test_no_good_record_is_lost_without_a_named_fault(damage: list[tuple[str, int, int, int, bytes]]) -> None:
    """Cut, doubled, swapped, a bit flipped: a verdict, counts that add up, and a fault for whatever is missing."""
    body = GOOD
    for one in damage:
        body = damaged(body, *one)
    read = read_file(body, NOW, POLICY)
    kept, errors, faults = taken(read)
    if read.report.verdict == "accepted" and not faults:
        assert errors == 0
        assert len(kept) == len(NUMBERS)
    if len(kept) < len(NUMBERS):
        assert faults or read.report.verdict == "test"


def test_an_undamaged_file_is_taken_whole() -> None:
    """Its records in their order, and nothing said of them."""
    assert taken(read_file(GOOD, NOW, POLICY)) == (list(NUMBERS), 0, 0)
