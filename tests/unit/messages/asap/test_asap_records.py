"""R checks: what is wrong with one record keeps out that record alone (R46)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from messages.asap.check import check_file
from messages.asap.reader import Reading
from messages.asap.writer import Style
from tests.unit.messages.asap.asap_files import (
    COMPOUND,
    GOOD,
    INGREDIENT,
    PHARMACY,
    check,
    file_of,
    record,
    recounted,
    rules,
    segments,
    told,
)

Told = set[tuple[str, str, str]]
E, W = "error", "warning"

# Check id and case, the fields changed in a good record, everything that must be told of it.
CASES: Sequence[tuple[str, Mapping[str, str], Told]] = [
    ("R01-empty", {"DSP01": ""}, {("R01", E, "DSP01")}),
    ("R01-unknown", {"DSP01": "03"}, {("R01", E, "DSP01")}),
    ("R02-empty", {"DSP02": ""}, {("R02", E, "DSP02")}),
    ("R02-blank", {"DSP02": "  "}, {("R02", E, "DSP02")}),
    ("R02-long", {"DSP02": "R" * 26}, {("R02", W, "DSP02")}),
    ("R02-very-long", {"DSP02": "1" * 201}, {("R02", E, "DSP02")}),
    ("R02-control", {"DSP02": "RX\x0b1001"}, {("R02", E, "DSP02")}),
    ("R03-written", {"DSP03": "20260230"}, {("R03", E, "DSP03")}),
    ("R03-filled", {"DSP05": "2026112"}, {("R03", E, "DSP05")}),
    ("R03-born", {"PAT18": "02141980"}, {("R03", E, "PAT18")}),
    ("R03-sold", {"DSP17": "20261131"}, {("R03", E, "DSP17")}),
    ("R03-superscript", {"DSP05": "2026112²"}, {("R03", E, "DSP05")}),
    ("R03-week", {"DSP05": "2026W471"}, {("R03", E, "DSP05")}),
    ("R04-written", {"DSP03": "20261125"}, {("R04", E, "DSP03")}),
    ("R04-filled", {"DSP05": "20261125", "DSP17": ""}, {("R04", E, "DSP05")}),
    ("R04-sold", {"DSP17": "20261125"}, {("R04", E, "DSP17")}),
    ("R04-born", {"PAT18": "20270101"}, {("R04", E, "PAT18")}),
    ("R05", {"DSP03": "20261122"}, {("R05", E, "DSP03")}),
    ("R06", {"DSP17": "20261120"}, {("R06", W, "DSP17")}),
    ("R07-unborn", {"PAT18": "20261122"}, {("R07", E, "PAT18")}),
    ("R07-age", {"PAT18": "19050101"}, {("R07", W, "PAT18")}),
    ("R08-refills", {"DSP04": "AB"}, {("R08", E, "DSP04")}),
    ("R08-fill", {"DSP06": "100"}, {("R08", E, "DSP06")}),
    ("R08-over", {"DSP06": "03"}, {("R08", W, "DSP06")}),
    ("R09-short", {"DSP08": "0093005801"}, {("R09", E, "DSP08")}),
    ("R09-hyphens", {"DSP08": "0093-0058-01"}, {("R09", W, "DSP08")}),
    ("R09-compound", {**COMPOUND, "DSP08": "00093005801"}, {("R09", E, "DSP08"), ("R10", E, "DSP07")}),
    ("R10-without", COMPOUND, {("R10", E, "DSP07")}),
    ("R11-zero", {"DSP09": "0.00"}, {("R11", E, "DSP09")}),
    ("R11-negative", {"DSP09": "-5"}, {("R11", E, "DSP09")}),
    ("R11-exponent", {"DSP09": "1e3"}, {("R11", E, "DSP09")}),
    ("R11-long", {"DSP09": "1.0000000000"}, {("R11", E, "DSP09")}),
    ("R12-zero", {"DSP10": "0"}, {("R12", E, "DSP10")}),
    ("R12-long", {"DSP10": "1000"}, {("R12", E, "DSP10")}),
    ("R12-year", {"DSP10": "366"}, {("R12", W, "DSP10")}),
    ("R13-required", {"DSP16": "08"}, {("R13", E, "DSP16")}),
    ("R13-required-long", {"PAT19": "FEMALE"}, {("R13", E, "PAT19")}),
    ("R13-optional", {"DSP12": "07"}, {("R13", W, "DSP12")}),
    ("R13-leading-zero", {"DSP11": "1"}, {("R13", W, "DSP11")}),
    ("R13-key", {"DSP13": "X1"}, {("R13", E, "DSP13")}),
    ("R14-patient", {"PAT07": ""}, {("R14", E, "PAT07")}),
    ("R14-blank", {"PAT12": " "}, {("R14", E, "PAT12")}),
    ("R14-date", {"DSP05": "", "DSP17": ""}, {("R14", E, "DSP05")}),
    ("R14-quantity", {"DSP09": ""}, {("R14", E, "DSP09")}),
    ("R14-days", {"DSP10": ""}, {("R14", E, "DSP10")}),
    ("R14-refills", {"DSP04": ""}, {("R14", E, "DSP04")}),
    ("R14-product", {"DSP08": ""}, {("R14", E, "DSP08")}),
    ("R14-prescriber", {"PRE05": ""}, {("R14", E, "PRE05")}),
    ("R15-patient", {"PAT07": "A" * 51}, {("R15", W, "PAT07")}),
    ("R15-sig", {"DSP23": "A" * 201}, {("R15", W, "DSP23")}),
    ("R17-prescriber", {"PRE02": "AS1234560"}, {("R17", E, "PRE02")}),
    ("R19-prescriber", {"PRE01": "1234567890"}, {("R19", E, "PRE01")}),
    ("R19-pharmacist", {"DSP14": "1234567890"}, {("R19", W, "DSP14")}),
    ("R23", {"PRE01": "", "PRE02": ""}, {("R23", E, "PRE02")}),
    ("R24-first", {"PAT03": ""}, {("R24", E, "PAT03")}),
    ("R24-second", {"PAT05": "06"}, {("R24", E, "PAT06")}),
    ("R24-serial", {"AIR02": "123"}, {("R24", E, "AIR01")}),
    ("R24-rxnorm", {"DSP19": "123"}, {("R24", W, "DSP19")}),
    ("R24-order", {"DSP20": "123"}, {("R24", W, "DSP20")}),
    ("R24-suffix", {"PRE02": "", "PRE03": "12"}, {("R24", W, "PRE03")}),
    ("R24-jurisdiction", {"AIR03": "CT", "AIR05": ""}, {("R24", W, "AIR03")}),
    ("R25-state", {"PAT15": "C1"}, {("R25", W, "PAT15")}),
    ("R25-zip", {"PAT16": "0610"}, {("R25", W, "PAT16")}),
    ("R26", {"PAT20": "02"}, {("R26", W, "PAT23")}),
    ("R27-unknown", {"PAT07": "Unknown"}, {("R27", W, "PAT07")}),
    ("R27-test", {"PAT08": "TEST"}, {("R27", W, "PAT08")}),
    ("two-segments", {"PAT14": "", "PRE06": ""}, {("R14", E, "PAT14"), ("R14", E, "PRE06")}),
]


@pytest.mark.parametrize(("changes", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_fault_is_told_once_and_keeps_out_its_record_alone(changes: Mapping[str, str], expected: Told) -> None:
    """Exactly the record's own faults are told; the records around it are valid; the counts add up."""
    report = check(file_of(record(), record(changes), record()))
    assert told(report.faults) == expected
    assert report.faults_total == len(expected)
    assert report.verdict == "accepted"
    (counts,) = report.pharmacies
    has_error = any(severity == E for _, severity, _ in expected)
    assert (counts.total, counts.valid, counts.with_errors) == (
        3,
        2 if has_error else 3,
        1 if has_error else 0,
    )
    assert counts.with_warnings == (0 if has_error else 1)


GOOD_CASES: Sequence[tuple[str, Mapping[str, str]]] = [
    ("numbers-unpadded", {"DSP04": "1", "DSP06": "1"}),
    ("quantity-decimal", {"DSP09": ".5"}),
    ("partial", {"DSP13": "3"}),
    ("partial-blank", {"DSP13": " "}),
    ("pairs", {"DSP18": "01", "DSP19": "1", "DSP20": "2", "DSP21": "3", "PRE03": "4", "AIR03": "CT"}),
    ("npi-alone", {"PRE02": ""}),
    ("dea-alone", {"PRE01": ""}),
    ("abroad", {"PAT12": "", "PAT14": "", "PAT15": "", "PAT16": "", "PAT22": "Canada"}),
    ("nine-digit-zip", {"PAT16": "061031234"}),
    ("animal", {"PAT20": "02", "PAT23": "Rex"}),
    ("upc", {"DSP07": "02", "DSP08": "012345678905"}),
    ("no-additional-information", {"AIR04": "", "AIR05": "", "AIR06": ""}),
    ("leap-day", {"PAT18": "20000229"}),
    ("revise", {"DSP01": "01"}),
    ("void", {"DSP01": "02"}),
    ("accents", {"PAT07": "Müller-Peña", "PAT08": "Zoë"}),
    ("120-years", {"PAT18": "19060101"}),
]


@pytest.mark.parametrize("changes", [case[1] for case in GOOD_CASES], ids=[case[0] for case in GOOD_CASES])
def test_what_is_right_is_not_faulted(changes: Mapping[str, str]) -> None:
    """Everything that real senders rightly write is accepted in silence."""
    assert check(file_of(record(changes))).faults == ()


IDENTITY = {"DSP02", "DSP05", "DSP06", "DSP09", "DSP13"}
VOID_CASES = [case for case in CASES if "DSP01" not in case[1]]


@pytest.mark.parametrize(
    ("changes", "expected"), [case[1:] for case in VOID_CASES], ids=[case[0] for case in VOID_CASES]
)
def test_r48_a_void_is_held_to_what_names_its_record_and_to_nothing_else(
    changes: Mapping[str, str], expected: Told
) -> None:
    """A wrong patient, prescriber, drug or supply keeps no void out, nor is it told of."""
    body = file_of(record({**changes, "DSP01": "02"}))
    fills_over_refills = ("R08", W, "DSP06")  # told of DSP06, and about DSP04
    assert told(check(body).faults) == {one for one in expected if one[2] in IDENTITY} - {fills_over_refills}


def test_r48_a_void_without_anything_else_is_valid() -> None:
    """What withdraws a record need not tell it again; what it says of the day sold does not count as reported (R42)."""
    bare = {name: "" for name in GOOD if name not in IDENTITY}
    body = file_of(record({**bare, "DSP01": "02", "DSP17": "20991231"}), record())
    reading = Reading(body, rules())
    void, new = [one for chunk in reading.chunks() for one in chunk]
    assert (void.status, void.is_valid, void.sold_on, void.key) == ("void", True, "", new.key)
    assert reading.report().faults == ()


def test_r48_a_void_at_fault_is_not_said_to_be_a_record_that_is_not_stored() -> None:
    """With a void nothing is stored, at fault or not."""
    error, warning = check(file_of(record({"DSP01": "02", "DSP05": "", "DSP02": "R" * 26}))).faults
    assert error.message.endswith("Nothing is withdrawn: correct it and send the void again.")
    assert warning.message.endswith("This keeps nothing from taking effect: correct it before the next file.")


PHARMACY_CASES: Sequence[tuple[str, Mapping[str, str], Told]] = [
    ("R17-dispenser", {"PHA03": "ZZ1234567"}, {("R17", E, "PHA03")}),
    ("R18", {"PHA01": "", "PHA02": "", "PHA03": ""}, {("R18", E, "PHA03")}),
    ("R19-dispenser", {"PHA01": "1234567890"}, {("R19", E, "PHA01")}),
    ("R20", {"PHA02": "1234567"}, {("R20", W, "PHA02")}),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [case[1:] for case in PHARMACY_CASES], ids=[case[0] for case in PHARMACY_CASES]
)
def test_a_pharmacy_at_fault_is_told_once_and_keeps_out_all_its_records(
    changes: Mapping[str, str], expected: Told
) -> None:
    """One fault for the header, not one for each record; an error there keeps all its records out."""
    report = check(file_of(record(), record(), pharmacy={**PHARMACY, **changes}))
    assert told(report.faults) == expected
    assert report.faults_total == 1
    assert report.pharmacies[0].with_errors == (2 if report.faults[0].severity == E else 0)


INGREDIENT_CASES: Sequence[tuple[str, Mapping[str, str], Mapping[str, str], Told]] = [
    ("good", COMPOUND, {}, set()),
    ("R09-ingredient", COMPOUND, {"CDI03": "123"}, {("R09", E, "CDI03")}),
    ("R10-no-compound", {}, {}, {("R10", W, "DSP07")}),
    ("R10-sequence", COMPOUND, {"CDI01": "2"}, {("R10", W, "CDI01")}),
    ("R11-ingredient", COMPOUND, {"CDI04": "x"}, {("R11", E, "CDI04")}),
    ("R13-compound-in-compound", COMPOUND, {"CDI02": "06"}, {("R13", E, "CDI02")}),
    ("R14-ingredient", COMPOUND, {"CDI03": ""}, {("R14", E, "CDI03")}),
]


@pytest.mark.parametrize(
    ("changes", "ingredient", "expected"),
    [case[1:] for case in INGREDIENT_CASES],
    ids=[case[0] for case in INGREDIENT_CASES],
)
def test_ingredients_are_checked_with_their_compound(
    changes: Mapping[str, str], ingredient: Mapping[str, str], expected: Told
) -> None:
    """A compound has ingredients, each whole in itself; what is no compound has none."""
    report = check(file_of(record(changes, [{**INGREDIENT, **ingredient}])))
    assert told(report.faults) == expected


def test_r16_more_fields_than_the_version_defines() -> None:
    """Values behind the version's last field are a warning; a single empty field too many is nothing."""
    parts = segments(file_of())
    width = {"PAT": 23, "DSP": 25, "PRE": 10}
    for extra, expected in (("*X", {("R16", W, "PRE")}), ("*", set())):
        changed = [
            part + "*" * (width["PRE"] - part.count("*")) + extra if part.startswith("PRE") else part for part in parts
        ]
        assert told(check(recounted(changed)).faults) == expected


@pytest.mark.parametrize(
    ("version", "changes", "expected"),
    [
        ("4.2", {"DSP01": ""}, set()),
        ("5.0", {"DSP26": "084142Z", "DSP27": "0841Z", "DSP28": "235959"}, set()),
        ("5.0", {"DSP26": "244142Z", "DSP28": "noon"}, {("R03", W, "DSP26"), ("R03", W, "DSP28")}),
        ("4.2", {"PAT12": "A" * 36}, {("R15", W, "PAT12")}),
        ("4.2B", {"PAT12": "A" * 36}, set()),
        ("4.2", {"DSP12": "06"}, {("R13", W, "DSP12")}),
        ("4.2A", {"DSP12": "06"}, set()),
        ("4.2B", {"PAT19": "X"}, {("R13", E, "PAT19")}),
        ("5.0", {"PAT19": "X"}, set()),
        ("4.2B", {"AIR06": "04"}, set()),
        ("5.0", {"AIR06": "04"}, {("R13", W, "AIR06")}),
        ("5.0", {"PAT16": "06103-1234"}, set()),
        ("5.0", {"DSP07": "07", "DSP08": ""}, set()),
        ("5.0", {"DSP08": ""}, {("R14", E, "DSP08")}),
        ("4.2B", {"DSP07": "07"}, {("R13", E, "DSP07")}),
        ("5.0", {"AIR12": "20260230"}, {("R03", E, "AIR12")}),
        ("5.0", {"DSP06": "0002"}, set()),
        ("4.2B", {"PAT01": "CT", "PAT02": "", "PAT03": ""}, set()),
        ("5.0", {"PAT01": "CT", "PAT02": "", "PAT03": ""}, {("R24", W, "PAT01")}),
        ("4.2B", {"AIR03": "CT", "AIR05": ""}, {("R24", W, "AIR03")}),
        ("5.0", {"AIR03": "CT", "AIR05": ""}, set()),
        ("5.0", {"AIR03": "CT", "AIR04": ""}, {("R24", W, "AIR03")}),
    ],
)
def test_the_files_own_version_decides(version: str, changes: Mapping[str, str], expected: Told) -> None:
    """Codes, lengths and required fields are those of TH01's version."""
    assert told(check(file_of(record(changes), version=version)).faults) == expected


def test_every_dispensation_of_a_patient_carries_the_patients_faults() -> None:
    """One PAT with two DSP groups: both records are kept out by its error."""
    parts = segments(file_of(record({"PAT18": "19990230"})))
    group = [part for part in parts if part.startswith(("DSP", "PRE", "AIR"))]
    tail = parts.index(next(part for part in parts if part.startswith("TP")))
    report = check(recounted([*parts[:tail], *group, *parts[tail:]]))
    assert [fault.check for fault in report.faults] == ["R03", "R03"]
    assert report.pharmacies[0].with_errors == 2


def test_r07_is_told_of_the_patients_own_segment() -> None:
    """The date of birth stands in PAT, wherever the date filled does."""
    (fault,) = check(file_of(record({"PAT18": "20261123"}))).faults
    assert (fault.segment, fault.line, fault.field) == ("PAT", 4, "PAT18")


def test_a_fault_says_where_what_and_what_to_do_without_the_patients_data() -> None:
    """Segment, field, prescription and fill date are named; of the value only its shape."""
    (fault,) = check(file_of(record({"PAT18": "1980-2-14"}))).faults
    assert (fault.segment, fault.line, fault.field) == ("PAT", 4, "PAT18")
    assert (fault.prescription, fault.fill_date) == ("RX1001", "2026-11-21")
    assert fault.message == (
        "Segment 4, PAT18 (Date of Birth): found '9999-9-99' (9 is any digit, A any letter); expected a real date, CCYYMMDD. "
        "This record is not stored: correct it and send the record again."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"DSP01": "03"}, "found 03; expected 00 (new)"),
        ({"DSP04": "100"}, "found 100; expected a number from 0 to 99"),
        ({"DSP09": "0.0"}, "found 0; expected a positive number"),
        ({"DSP09": "30 EA"}, "found '99 AA' (9 is any digit, A any letter); expected a positive number"),
        ({"DSP10": "0"}, "found 0; expected a number from 1 to 999"),
        ({"DSP05": "20261399"}, "found 8 digits; expected a real date"),
        ({"DSP08": "0093005801"}, "found 10 digits; expected an NDC of 11 digits"),
        ({"PRE02": "X"}, "found 1 letter; expected a DEA number"),
    ],
    ids=["r01", "r08", "r11-zero", "r11-text", "r12", "r03", "r09", "r17"],
)
def test_a_fault_says_what_was_found_so_that_a_clerk_can_see_it(changes: Mapping[str, str], said: str) -> None:
    """Counts and codes as they stand, anything longer by what it is made of: "found '9'" for a 0 would mislead."""
    (message,) = [fault.message for fault in check(file_of(record(changes))).faults]
    assert said in message


@pytest.mark.parametrize("field", [name for name in GOOD if name[:3] in {"PAT", "AIR"}])
def test_no_fault_tells_a_patients_value(field: str) -> None:
    """Whatever is wrong with a field of PAT or AIR, its value stays out of every sentence."""
    secret = "Q7Z" * 40
    report = check(file_of(record({field: secret})))
    assert report.faults
    assert "Q7Z" not in report.as_json()


def test_severities_are_settings() -> None:
    """A bare id covers all cases of a check; a case can be set alone; off is silent."""
    body = file_of(record({"PRE02": "AS1234560"}))
    assert told(check(body, R17="warning").faults) == {("R17", W, "PRE02")}
    assert told(check_file(body, rules({"R17.prescriber": "warning"})).faults) == {("R17", W, "PRE02")}
    assert check(body, R17="off").faults == ()
    assert check(body, R17="off").pharmacies[0].valid == 1


def test_r48_what_makes_a_record_the_same_is_never_let_pass_empty() -> None:
    """Whatever the settings of R13 and R14: two records without a fill date would pass for one."""
    for field in ("DSP05", "DSP06", "DSP09"):
        report = check_file(file_of(record({field: ""})), rules({"R14": "off"}))
        assert told(report.faults) == {("R14", E, field)}
    report = check_file(file_of(record({"DSP13": "x"})), rules({"R13": "off"}))
    assert told(report.faults) == {("R13", E, "DSP13")}
    assert check_file(file_of(record({"PAT14": ""})), rules({"R14": "off"})).faults == ()


def test_r18_a_number_as_long_as_a_page_names_no_pharmacy() -> None:
    """A wrong check digit of an NCPDP number alone would be but a warning (R20)."""
    report = check(file_of(pharmacy={**PHARMACY, "PHA01": "", "PHA02": "1" * 201, "PHA03": ""}))
    assert ("R18", E, "PHA02") in told(report.faults)
    assert report.pharmacies[0].with_errors == 1


def test_all_faults_are_counted_and_the_first_hundred_listed() -> None:
    """A file full of faults has a short report with a true count."""
    report = check(file_of(*[record({"DSP10": "0"})] * 150))
    assert (len(report.faults), report.faults_total) == (100, 150)
    assert report.pharmacies[0].with_errors == 150


def test_no_error_is_left_out_of_the_list_for_a_warning() -> None:
    """A clerk reads what keeps a record out, however many warnings stand before it."""
    late = [record({"DSP02": "BAD", "DSP10": "0"})] * 3
    report = check(file_of(*[record({"DSP12": "07"})] * 150, *late))
    assert (len(report.faults), report.faults_total) == (100, 153)
    assert [fault.prescription for fault in report.faults if fault.severity == E] == ["BAD"] * 3
    assert [fault.line for fault in report.faults] == sorted(fault.line for fault in report.faults)


def test_the_punctuation_does_not_change_the_record() -> None:
    """Any separator and terminator, line ends or none, read the same."""
    for style in (
        Style("|", "^", ""),
        Style("\\", "*", "\n"),
        Style("\x1d", "\x1c", "\r\n"),
        Style("]", "$", ""),
    ):
        assert check(file_of(style=style)).faults == ()
