"""What the checks count by is a setting each, and holds for files, lists and `pmp check` alike (R46)."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.reading import check_rules
from handlers.rules.drugs import read_drugs
from handlers.rules.policy import Policy
from messages.asap.check import check_file
from tests.unit.handlers.conftest import OpenBench
from tests.unit.handlers.dispensing import dispensing, faults, file, hand_in, json_record, kept, load_drugs
from tests.unit.handlers.test_record_lists import hand_in_list

HEADER = "ndc,name,schedule,class,monitoring,for_animals"


@pytest.mark.parametrize(
    ("numbers", "check"),
    [
        ({"asap_versions": frozenset({"4.2", "5.0"})}, "F02"),
        ({"file_segments_max": 100}, "F15"),
        ({"segment_chars_max": 1024}, "F15"),
        ({"file_unpacked_bytes_max": 1024}, "F15"),
    ],
)
async def test_what_a_file_may_be_is_a_setting(bench_of: OpenBench, numbers: dict[str, Any], check: str) -> None:
    """By default the file is taken; with the setting it fails as a whole, and a check of it says so before."""
    body = file("T1", *(dispensing(f"{number}") for number in range(40)), dispensing("99", DSP23="X" * 1100))
    bench = await bench_of(**numbers)
    report = await hand_in(bench, body)
    assert (report["verdict"], faults(report)) == ("failed", [(check, "file", None)])
    assert check_file(body, check_rules(Policy(**numbers), bench.today)).verdict == "failed"
    assert check_file(body, check_rules(Policy(), bench.today)).verdict == "accepted"


async def test_r47_how_many_faults_are_listed_is_a_setting(bench_of: OpenBench) -> None:
    """How many there are is told all the same."""
    bench = await bench_of(faults_listed_max=2)
    report = await hand_in(bench, file("T1", *(dispensing(f"{number}", DSP05="20260611") for number in range(3))))
    assert (len(report["faults"]), report["faults_total"]) == (2, 3)


async def test_r09_an_ndc_may_have_twelve_digits(bench_of: OpenBench) -> None:
    """The table is loaded so and looked up so, by package and by product; eleven digits are none then."""
    bench = await bench_of(ndc_digits=12)
    rows = [HEADER, "999010-0001,PRODUCT,II,opioid,over_48_hours,yes", "999010000202,PACKAGE,II,,over_48_hours,yes"]
    table = list(read_drugs(rows, ndc_digits=12))
    assert [drug.ndc for drug in table] == ["9990100001", "999010000202"]
    await load_drugs(bench, table)
    short = {"DSP10": "2"}
    records = [
        dispensing("1", DSP08="999010000199", **short), dispensing("2", DSP08="999010000202", **short),
        dispensing("3", DSP08="999010000201", **short), dispensing("4", DSP08="99901000101"),
    ]  # fmt: skip
    report = await hand_in(bench, file("T1", *records))
    wanted = [("R09", "error", "4"), ("R28", "warning", "1"), ("R28", "warning", "2"), ("R09", "warning", "3")]
    assert faults(report) == wanted
    report = await hand_in_list(bench, "L1", json_record("5", product_id="999010-0001-99", days_supply=2))
    assert await kept(bench, "product_id, marks") == [
        ("999010000199", "not_reportable"), ("999010000202", "not_reportable"), ("999010000201", ""),
        ("999010000199", "not_reportable"),
    ]  # fmt: skip
