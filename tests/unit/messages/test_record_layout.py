"""A record in JSON is one to one with ASAP 5.0 (R45)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from messages.asap.faults import Finding
from messages.asap.table import table
from messages.dispensation import DispensationRecordsSubmitted, Dispenser, Prescriber, Record
from messages.record_layout import NAMES, VERSION, in_json, laid, laid_part

SAMPLES = Path(__file__).parents[2] / "samples"
WITHDRAWN = {"PRE09", "AIR09", "AIR10", "AIR11"}
SEGMENTS = ("PHA", "PAT", "DSP", "PRE", "CDI", "AIR")


def sample(place: int, **fields: Any) -> Record:
    """A record of the sample, with these fields."""
    body = json.loads((SAMPLES / "dispensation.records_submitted.json").read_text("utf-8"))
    body["records"][place] |= fields
    return DispensationRecordsSubmitted.model_validate_json(json.dumps(body)).records[place]


def filled(segment: str, fields: Any) -> dict[str, str]:
    """The fields of a segment that are not empty."""
    return {f"{segment}{place:02}": text for place, text in enumerate(fields) if place and text}


def test_r45_every_field_of_the_version_has_its_one_name() -> None:
    """But those that the version has withdrawn; no two have the same."""
    fields = {field.name for segment in SEGMENTS for field in table(VERSION)[segment]}
    assert set(NAMES) - {"CDI"} == fields - WITHDRAWN
    assert len(set(NAMES.values())) == len(NAMES)


def test_r45_values_are_written_as_in_a_file() -> None:
    """Days and times without signs, numbers as they are, the status by its code."""
    one = laid(
        sample(
            1, status="void", details={"sold_time": "13:05:00Z", "sig": "new: 12:30", "remaining": {"quantity": "0.50"}}
        )
    )
    assert filled("DSP", one.dsp) == {
        "DSP01": "02", "DSP02": "700002", "DSP03": "20261120", "DSP04": "0", "DSP05": "20261121", "DSP06": "0", "DSP07": "06",
        "DSP08": "99999000001", "DSP09": "15", "DSP10": "10", "DSP13": "0", "DSP16": "04", "DSP23": "new: 12:30",
        "DSP28": "130500Z", "DSP29": "0.50",
    }  # fmt: skip
    assert filled("PAT", one.pat) == {
        "PAT07": "EXAMPLE", "PAT08": "ROBIN", "PAT12": "1 EXAMPLE ST", "PAT14": "HARTFORD", "PAT15": "CT", "PAT16": "06103",
        "PAT18": "19800131", "PAT19": "F",
    }  # fmt: skip
    assert filled("CDI", one.cdi[1]) == {
        "CDI01": "2", "CDI02": "01", "CDI03": "00093005802", "CDI04": "60.5", "CDI05": "02"
    }  # fmt: skip
    assert one.air is not None
    assert filled("AIR", one.air) == {
        "AIR03": "CT", "AIR04": "06", "AIR05": "E0001", "AIR06": "03", "AIR07": "EXAMPLE", "AIR08": "LEE", "AIR19": "01"
    }  # fmt: skip
    assert laid(sample(0)).air is None


def test_r45_dispenser_and_prescriber_are_segments_of_their_own() -> None:
    """Each laid by itself, since a batch has few of them."""
    record = sample(0)
    assert filled("PHA", laid_part("PHA", vars(record.dispenser), Dispenser)) == {
        "PHA01": "1234567893", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"
    }  # fmt: skip
    assert filled("PRE", laid_part("PRE", vars(record.prescriber), Prescriber)) == {
        "PRE02": "AB1234563", "PRE05": "PRESCRIBER", "PRE06": "SAM"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("finding", "field", "text"),
    [
        (Finding("R05", "DSP03", "DSP03 after DSP05"), "written_on", "written_on after filled_on"),
        (Finding("R09", "CDI03", "wrong", 1), "ingredients.1.product_id", "wrong"),
        (Finding("R10", "DSP07", "without any CDI"), "product_qualifier", "without any ingredients"),
        (Finding("R13", "patient.zip", "found {0}"), "patient.zip", "found {0}"),
    ],
)
def test_r47_findings_have_the_names_of_json(finding: Finding, field: str, text: str) -> None:
    """In field and sentence; what has them already stays as it is."""
    assert in_json(finding) == Finding(finding.check, field, text, finding.ingredient)


@pytest.mark.parametrize("time", ["13:05Z", "13:05:00", "24:00:00Z", "130500Z", "13:05:00+01:00"])
def test_times_are_in_utc(time: str) -> None:
    """As ASAP 5.0 has them."""
    with pytest.raises(ValueError, match="filled_time"):
        sample(0, details={"filled_time": time})
