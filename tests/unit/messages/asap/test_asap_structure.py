"""F checks: a file that does not hold together fails as a whole, and its first cause is named (R46)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from messages.asap.check import check_file
from messages.asap.reader import Reading
from messages.asap.severities import CheckRules
from messages.asap.writer import Style, write_void
from messages.errors import Misconfigured
from tests.unit.messages.asap.asap_files import (
    CREATED_AT,
    TODAY,
    check,
    file_of,
    joined,
    record,
    recounted,
    replaced,
    rules,
    segments,
    told,
)

Told = set[tuple[str, str, str | None]]
F = "file"
TWO = file_of(record(), record({"DSP02": "RX1002"}))


def without(body: bytes, name: str) -> bytes:
    """Leave out the first segment of that name, counts made right: only its absence is at fault."""
    parts = segments(body)
    place = next(place for place, part in enumerate(parts) if part.split("*")[0] == name)
    return recounted([*parts[:place], *parts[place + 1 :]])


def moved(body: bytes, name: str, before: str) -> bytes:
    """Move the first segment of a name before the first of another."""
    parts = segments(body)
    part = parts.pop(next(place for place, part in enumerate(parts) if part.split("*")[0] == name))
    place = next(place for place, part in enumerate(parts) if part.split("*")[0] == before)
    return recounted([*parts[:place], part, *parts[place:]])


def swallowing(body: bytes, name: str, line_end: str = "") -> bytes:
    """Leave out the terminator behind the first segment of that name."""
    parts = segments(body)
    place = next(place for place, part in enumerate(parts) if part.split("*")[0] == name)
    width = {"PAT": 23, "PRE": 10, "IS": 3, "TP": 1}[name]
    full = parts[place] + "*" * (width - parts[place].count("*"))
    return joined([*parts[:place], full + line_end + parts[place + 1], *parts[place + 2 :]])


def header(position: int, value: str, body: bytes = TWO) -> bytes:
    """Set one field of TH."""

    def change(text: str) -> str:
        fields = text.split("*")
        fields[position] = value
        return "*".join(fields)

    return replaced(body, "TH", change)


CASES: Sequence[tuple[str, bytes, Told]] = [
    ("F01-empty", b"", {("F01", F, "TH")}),
    ("F01-no-asap", b"%PDF-1.7 something else", {("F01", F, "TH")}),
    ("F01-without-separator", b"TH", {("F01", F, "TH")}),
    ("F01-starts-late", joined(segments(TWO)[1:]), {("F01", F, "TH")}),
    ("F01-utf16", TWO.decode().encode("utf-16"), {("F01", F, "TH")}),
    ("F01-nul", TWO.replace(b"Alder", b"Al\0er"), {("F01", F, "TH")}),
    ("F02-old", header(1, "3.0"), {("F02", F, "TH01")}),
    ("F02-empty", header(1, ""), {("F02", F, "TH01")}),
    ("F03-short", b"TH*4.2B*1*01**20261124*0841*P\r\nIS*77*NAME\r\n", {("F03", F, "TH09")}),
    ("F03-letter", b"TH*4.2B*1*01**20261124*0841*P**AIS*77*NAME\r\n", {("F03", F, "TH09")}),
    ("F03-another-than-the-segments", TWO.replace(b"**~~", b"**^~", 1), {("F03", F, "TH09")}),
    (
        "F05-cut-in-the-source",
        TWO[: TWO.index(b"PHA*")].replace(b"~\r\nIS*8605550100*", b"~\r\nIS*1*ALPHA*")[:-3],
        {("F05", F, "IS")},
    ),
    ("F03-line-end", b"TH*4.2B*1*01**20261124*0841*P**\r\nIS*77*NAME\r\n", {("F03", F, "TH09")}),
    ("F03-line-end-only", TWO.replace(b"**~~", b"**"), {("F03", F, "TH09")}),
    ("F03-separator", b"TH*4.2B*1*01**20261124*0841*P****IS*77*NAME", {("F03", F, "TH09")}),
    ("F04-patient", swallowing(TWO, "PAT"), {("F04", F, "PAT")}),
    ("F04-patient-line-end", swallowing(TWO, "PAT", "\r\n"), {("F04", F, "PAT")}),
    ("F04-prescriber", swallowing(TWO, "PRE"), {("F04", F, "PRE")}),
    ("F04-prescriber-line-end", swallowing(TWO, "PRE", "\r\n"), {("F04", F, "PRE")}),
    ("F04-doctors-name-in-one-line", TWO.replace(b"Kim~\r\nAIR", b"KimAIR", 1), {("F04", F, "PRE")}),
    ("F04-source", swallowing(TWO, "IS"), {("F04", F, "IS")}),
    ("F04-trailer", swallowing(TWO, "TP"), {("F04", F, "TP")}),
    ("F04-last", TWO.removesuffix(b"~\r\n"), {("F04", F, "TT")}),
    ("F04-line-end-in-a-name", TWO.replace(b"Alder", b"Al\r\nder", 1), {("F04", "warning", "PAT")}),
    (
        "F04-line-end-in-a-number",
        TWO.replace(b"RX1001", b"RX\n1001"),
        {("F04", "warning", "DSP"), ("R02", "error", "DSP02")},
    ),
    ("F05-source", without(TWO, "IS"), {("F05", F, "IS")}),
    ("F05-pharmacy", without(TWO, "PHA"), {("F05", F, "PHA")}),
    ("F05-pharmacy-trailer", without(TWO, "TP"), {("F05", F, "TP")}),
    ("F05-trailer", without(TWO, "TT"), {("F05", F, "TT")}),
    ("F05-cut", TWO[:-120], {("F05", F, "DSP")}),
    ("F05-header-alone", joined(segments(TWO)[:1]), {("F05", F, "TT")}),
    ("F05-nothing-between", joined([segments(TWO)[0], "TT*CONTROL-1*2"]), {("F05", F, "IS")}),
    ("F06", TWO.replace(b"PRE*", b"RPH*1~\r\nPRE*", 1), {("F06", F, None)}),
    ("F06-small-letters", TWO.replace(b"DSP*", b"dsp*"), {("F06", F, None)}),
    ("F06-empty", TWO.replace(b"**~~", b"**~~~", 1), {("F06", F, None)}),
    ("F06-every-terminator-twice", TWO.replace(b"~\r\n", b"~~\r\n"), {("F06", F, None)}),
    ("F07-dispensing-first", moved(TWO, "DSP", "PAT"), {("F07", F, "DSP")}),
    ("F07-no-dispensing", without(TWO, "DSP"), {("F07", F, "PRE")}),
    ("F07-no-prescriber", without(TWO, "PRE"), {("F07", F, "AIR")}),
    ("F07-no-patient", without(TWO, "PAT"), {("F07", F, "DSP")}),
    ("F08", replaced(TWO, "TT", lambda text: text.replace("CONTROL-1", "CONTROL-2")), {("F08", F, "TT01")}),
    ("F02-newer-in-utc", header(1, "5.1", header(6, "084142Z")), {("F02", F, "TH01")}),
    ("F08-empty", header(2, ""), {("F08", F, "TH02")}),
    ("F09", replaced(TWO, "TT", lambda text: text + "1"), {("F09", F, "TT02")}),
    ("F09-letters", replaced(TWO, "TT", lambda text: text + "x"), {("F09", F, "TT02")}),
    ("F10", replaced(TWO, "TP", lambda _: "TP*8"), {("F10", "warning", "TP01")}),
    ("F10-empty", replaced(TWO, "TP", lambda _: "TP"), {("F10", "warning", "TP01")}),
    ("F12-date", header(5, "20261324"), {("F12", F, "TH05")}),
    ("F12-future", header(5, "20261125"), {("F12", F, "TH05")}),
    ("F12-time", header(6, "2460"), {("F12", F, "TH06")}),
    ("F12-zulu-in-4.2B", header(6, "084142Z"), {("F12", F, "TH06")}),
    ("F13-data", TWO + b"and so on", {("F13", F, None)}),
    ("F13-behind-ctrl-z", TWO + b"\x1aand so on", {("F13", F, None)}),
    ("F01-ctrl-z-first", b"\x1a" + TWO, {("F01", F, "TH")}),
    ("F13-segment", TWO + b"PAT*1~\r\n", {("F13", F, None)}),
    ("F13-second-file", TWO + TWO, {("F13", F, None)}),
    ("F13-second-header", joined(segments(TWO)[:-1]) + TWO, {("F13", F, "TH")}),
    ("F14", header(7, "T"), {("F14", "warning", "TH07")}),
    ("F15-segment", replaced(TWO, "PRE", lambda text: text + "X" * 9000), {("F15", F, None)}),
    (
        "every-cause",
        header(5, "x", replaced(TWO, "TT", lambda _: "TT*2*2")),
        {("F12", F, "TH05"), ("F08", F, "TT01"), ("F09", F, "TT02")},
    ),
    ("F12-neither-production-nor-test", header(7, "X"), {("F12", F, "TH07")}),
    ("F12-no-type", header(3, "09"), {("F12", F, "TH03")}),
    ("F12-an-answer", header(3, "02"), {("F12", F, "TH03")}),
    ("R14-file-type", header(7, ""), {("R14", "warning", "TH07")}),
    ("R16-trailer", replaced(TWO, "TP", lambda text: text + "*X"), {("R16", "warning", "TP")}),
    ("R16-last", replaced(TWO, "TT", lambda text: text + "**X"), {("R16", "warning", "TT")}),
    ("R14-source", replaced(TWO, "IS", lambda _: "IS*77"), {("R14", "warning", "IS02")}),
]


@pytest.mark.parametrize(("body", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_cause_is_named_once_and_fails_the_file(body: bytes, expected: Told) -> None:
    """The first cause is named, not its consequences; of a failed file no record is handed on."""
    report = check(body)
    assert told(report.faults) == expected
    assert report.faults_total == len(expected)
    failed = any(severity == F for _, severity, _ in expected)
    assert (report.verdict == "failed") is failed
    reading = Reading(body, rules())
    assert reading.failed is failed
    assert bool(list(reading.chunks())) is not failed


def split_header(body: bytes) -> bytes:
    """Write TH09 once only: the terminator is its own value."""
    return body.replace(b"**~~", b"**~", 1)


TOLERATED: Sequence[tuple[str, bytes]] = [
    ("as-written", TWO),
    ("terminator-once", split_header(TWO)),
    ("line-feeds", TWO.replace(b"\r\n", b"\n")),
    ("carriage-returns", TWO.replace(b"\r\n", b"\r")),
    ("one-line", TWO.replace(b"\r\n", b"")),
    ("one-line-and-its-end", TWO.replace(b"\r\n", b"") + b"\r\n"),
    ("no-final-line-end", TWO.removesuffix(b"\r\n")),
    ("byte-order-mark", b"\xef\xbb\xbf" + TWO),
    ("blank-lines-around", b"\r\n" + TWO + b"\r\n \r\n"),
    ("ctrl-z", TWO + b"\x1a"),
    ("ctrl-z-and-line-end", TWO + b"\x1a\r\n"),
    ("nuls-to-the-end-of-a-block", TWO.rstrip() + bytes(100_000)),
    ("ctrl-z-to-the-end-of-a-block", TWO + b"\x1a" * 128),
    ("blank-before-line-end", TWO.replace(b"~\r\n", b"~ \r\n")),
    ("blanks-in-one-line", TWO.replace(b"\r\n", b" ")),
    ("backslash", file_of(style=Style("\\", "*", "\r\n"))),
    ("latin-1", TWO.replace(b"Alder", b"M\xfcller")),
    ("utf-8", TWO.replace(b"Alder", "Müller".encode())),
    ("line-feed-terminated", TWO.replace(b"\r\n", b"").replace(b"~", b"\n")),
    ("line-feed-terminated-and-blank-lines", TWO.replace(b"\r\n", b"\n").replace(b"~", b"\n")),
    ("line-feed-terminated-and-ctrl-z", TWO.replace(b"\r\n", b"\n").replace(b"~", b"\n") + b"\x1a\r\n\0"),
    ("carriage-return-terminated", TWO.replace(b"~", b"\r")),
    ("control-characters", TWO.replace(b"~", b"\x1e").replace(b"*", b"\x1d")),
    ("tab-separated", TWO.replace(b"*", b"\t")),
    ("tab-terminated", TWO.replace(b"~", b"\t")),
    ("latin-1-terminator", TWO.replace(b"~", b"\xac")),
    ("one-field-too-many", TWO.replace(b"TP*10~", b"TP*10*~")),
    ("header-field-too-many", TWO.replace(b"**~~", b"**~*~", 1)),
    ("whole-trailing-fields", replaced(TWO, "PRE", lambda text: text + "*" * (10 - text.count("*")))),
    ("a-doctor-called-blair", TWO.replace(b"Birch*Kim", b"BLAIR*Pat")),
    ("a-patient-called-smith", TWO.replace(b"Alder*Robin", b"SMITH*Pat")),
]


@pytest.mark.parametrize("body", [case[1] for case in TOLERATED], ids=[case[0] for case in TOLERATED])
def test_what_real_senders_write_is_read(body: bytes) -> None:
    """Line ends, marks and trailing fields as senders have them change nothing."""
    report = check(body)
    assert report.faults == ()
    assert report.verdict == "accepted"


def test_a_doctors_name_beside_a_fault_is_not_taken_for_a_segment() -> None:
    """A name that ends like a segment's id does not hide the true cause."""
    body = TWO.replace(b"Birch*Kim", b"BLAIR*Pat")
    assert told(check(without(body, "TP")).faults) == {("F05", F, "TP")}
    wide = replaced(body, "PRE", lambda text: text + "*" * (10 - text.count("*")) + "*X*Y")
    assert told(check(wide).faults) == {("R16", "warning", "PRE")}


def test_f12_a_clock_that_is_fast_on_the_same_day_is_told() -> None:
    """A few minutes are let pass; times are the programme's, in 5.0 UTC."""
    zone = ZoneInfo("America/New_York")

    def faults(body: bytes, hour: int, minute: int) -> Told:
        now = datetime(2026, 11, 24, hour, minute, tzinfo=zone)
        return told(check_file(body, CheckRules(today=TODAY, now=now)).faults)

    assert faults(TWO, 8, 32) == set()
    assert faults(TWO, 8, 31) == {("F12", "warning", "TH06")}
    utc = file_of(version="5.0").replace(b"*084142Z*", b"*134142Z*", 1)
    assert faults(utc, 8, 41) == set()
    assert faults(utc, 8, 30) == {("F12", "warning", "TH06")}


def test_several_sources_and_pharmacies_are_one_transaction() -> None:
    """Each IS and PHA block is counted by itself."""
    parts = segments(TWO)
    block = parts[1:-1]
    report = check(recounted([parts[0], *block, *block[1:], *block, parts[-1]]))
    assert report.faults == ()
    assert [counts.total for counts in report.pharmacies] == [2, 2, 2]


def test_a_void_transaction_is_header_and_trailer_alone() -> None:
    """TH03 = 04 names in TH02 the transaction to void (R49); with records it is no void."""
    body = write_void("4.2B", "CONTROL-0", CREATED_AT)
    report = check(body)
    assert (report.verdict, report.transaction, report.faults) == ("void", "CONTROL-0", ())
    assert told(check(header(3, "04")).faults) == {("F07", F, "IS")}


def test_a_test_file_is_checked_and_marked() -> None:
    """TH07 = T: verdict test; its records are read and checked all the same."""
    reading = Reading(file_of(record({"DSP10": "0"}), file_type="T"), rules())
    (chunk,) = reading.chunks()
    assert reading.header is not None and reading.header.is_test
    assert reading.verdict == "test"
    assert not chunk[0].is_valid


@pytest.mark.parametrize(
    ("limits", "body"),
    [
        (CheckRules(today=TODAY, segments_max=5), TWO),
        (CheckRules(today=TODAY, body_bytes_max=100), TWO),
        (CheckRules(today=TODAY, segment_chars_max=60), TWO),
    ],
    ids=["F15-segments", "F15-bytes", "F15-characters"],
)
def test_f15_limits_fail_the_file(limits: CheckRules, body: bytes) -> None:
    """What passes a limit is not read on."""
    report = check_file(body, limits)
    assert told(report.faults) == {("F15", F, None)}


@pytest.mark.parametrize("check_id", ["F06", "F08", "F09", "F10", "F12", "F13"])
def test_lenient_settings_let_a_file_pass(check_id: str) -> None:
    """What does not keep a file from being read may be made a warning; the records are then read."""
    body = next(body for name, body, _ in CASES if name.startswith(check_id))
    report = check_file(body, rules({check_id: "warning", "F10": "off"}))
    assert report.verdict == "accepted"
    assert report.pharmacies[0].valid == 2


def test_f08_a_transaction_without_a_number_fails_whatever_the_setting() -> None:
    """It could not be told from the sender's next one (F11)."""
    body = replaced(header(2, ""), "TT", lambda text: text.replace("CONTROL-1", ""))
    report = check(body, F08="off")
    assert report.verdict == "failed"
    assert told(report.faults) == {("F08", F, "TH02")}


def test_f13_lenient_leaves_the_second_transaction_alone() -> None:
    """Only the first transaction's records are read."""
    report = check(TWO + TWO, F13="warning")
    assert [counts.total for counts in report.pharmacies] == [2]


def test_f10_can_be_made_strict() -> None:
    """A programme may fail a file for TP01."""
    assert check(replaced(TWO, "TP", lambda _: "TP*8"), F10="file").verdict == "failed"


@pytest.mark.parametrize(
    "settings",
    [
        {"X01": "error"},
        {"F01": "warning"},
        {"F05": "off"},
        {"R05": "file"},
        {"R05": "loud"},
        {"R18": "off"},
        {"R02": "warning"},
        {"R03": "warning"},
        {"R08": "off"},
        {"R11": "warning"},
        {"R14.identity": "off"},
        {"F10": "error"},
        {"F11": "warning"},
        {"R30": "off"},
    ],
    ids=[
        "unknown",
        "fixed",
        "fixed-off",
        "record-fails-file",
        "no-severity",
        "r18-whose-record",
        "r02-which-record",
        "r03-which-day",
        "r08-which-fill",
        "r11-which-quantity",
        "r14-any-of-these",
        "file-as-record",
        "f11-of-the-store",
        "r30-of-the-store",
    ],
)
def test_settings_that_no_file_could_be_read_by_are_refused(settings: dict[str, str]) -> None:
    """The process refuses to start with them."""
    make: Callable[..., CheckRules] = CheckRules
    with pytest.raises(Misconfigured):
        make(today=TODAY, severities=settings)
    with pytest.raises(Misconfigured):
        make(today=TODAY, versions=frozenset({"3.0"}))


def test_f08_a_control_number_as_long_as_a_page_is_none() -> None:
    """No index could hold it, and nobody could read it."""
    body = TWO.replace(b"CONTROL-1", b"C" * 201)
    assert told(check(body).faults) == {("F08", F, "TH02")}
    assert check(TWO.replace(b"CONTROL-1", b"C" * 200)).faults == ()


def test_utc_of_version_5_may_be_tomorrow() -> None:
    """In the evening a file of 5.0 is already of the next day, in UTC; two days ahead is the future."""
    body = file_of(version="5.0")
    assert check(body.replace(b"*20261124*084142Z*", b"*20261125*031500Z*")).faults == ()
    assert told(check(body.replace(b"*20261124*", b"*20261126*", 1)).faults) == {("F12", F, "TH05")}


def test_f15_a_segment_as_large_as_a_file_is_not_taken_apart() -> None:
    """Memory is a window's beyond the file's bytes, whatever one segment holds (R45)."""
    body = TWO.replace(b"Alder", b"A" * 30_000_000)
    tracemalloc.start()
    assert told(check(body).faults) == {("F15", F, None)}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_padding_is_looked_at_a_window_at_a_time() -> None:
    """However much of it there is (R45)."""
    body = TWO + bytes(30_000_000)
    tracemalloc.start()
    assert check(body).faults == ()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("line_end", [b"\r\n", b""])
def test_a_fault_names_its_segment_by_its_place(line_end: bytes) -> None:
    """Whether the file has line ends or none; of too long a segment, its own and not the one before."""
    body = TWO.replace(b"\r\n", line_end)
    for old, new, line in (
        (b"Alder", b"A" * 9_000, 4),
        (b"~%bDSP*" % line_end, b"~%bdsp*" % line_end, 5),
        (b"TP*10", b"TP*7", 12),
    ):
        (fault,) = check(body.replace(old, new)).faults
        assert (fault.line, fault.message[:10].rstrip(":,")) == (line, f"Segment {line}"[:10])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"TH*4.2B*1*01**20261124*0841*P\r\nIS*77*NAME~\r\n", "found none, no segment terminator"),
        (replaced(TWO, "TT", lambda text: text + "x"), "found '99A' (9 is any digit, A any letter); expected 13,"),
        (replaced(TWO, "PRE", lambda text: text + "X" * 9000), "Segment 6: longer than 8192 characters; expected its"),
    ],
    ids=["F03", "F09", "F15"],
)
def test_a_fault_of_the_file_says_what_was_found(body: bytes, said: str) -> None:
    """Whole sentences, of the place where it is."""
    (fault,) = check(body).faults
    assert said in fault.message


def test_f06_says_which_segment_it_is() -> None:
    """An id in small letters or of an older version is told as it stands; what may be a name is not."""
    for found, said in ((b"dsp", "'dsp'"), (b"RPH", "'RPH'"), (b"Kim", "3 letters")):
        (fault,) = check(TWO.replace(b"DSP*", found + b"*")).faults
        assert fault.message.startswith(f"Segment 5: an unknown segment, its id is {said}; expected TH, IS, PHA")
