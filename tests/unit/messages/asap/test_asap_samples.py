"""The sample files: each one's name says what must come of it, ``<verdict>.<checks>.<what it is>.dat``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from messages.asap.check import check_file
from tests.unit.messages.asap.asap_files import rules

SAMPLES = sorted((Path(__file__).parents[3] / "samples" / "asap").glob("*.dat"))


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.stem for sample in SAMPLES])
def test_a_sample_gets_the_verdict_and_the_faults_of_its_name(sample: Path) -> None:
    """Exactly the checks of the name speak; ``clean`` is none."""
    verdict, checks, _ = sample.stem.split(".", 2)
    report = check_file(sample.read_bytes(), rules())
    assert report.verdict == verdict
    assert {fault.check for fault in report.faults} == (set() if checks == "clean" else set(checks.split("+")))


def test_the_report_has_its_stable_shape() -> None:
    """Senders' programs read these keys."""
    report = json.loads(check_file(SAMPLES[0].read_bytes(), rules()).as_json())
    assert list(report) == ["version", "transaction", "verdict", "pharmacies", "faults", "faults_total"]
    assert list(report["pharmacies"][0]) == [
        "dea",
        "ncpdp",
        "npi",
        "total",
        "valid",
        "with_warnings",
        "with_errors",
    ]
    assert list(report["faults"][0]) == [
        "check",
        "severity",
        "segment",
        "line",
        "field",
        "pharmacy",
        "prescription",
        "fill_date",
        "message",
    ]
