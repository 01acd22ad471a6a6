"""Who sends for a dispenser that is registered for others is told no, the same in each form (R21 of the checks, R61)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.outcomes import Done, Refuse
from messages.asap.writer import write_transaction, write_zero_report
from messages.dispensation import (
    DispensationFileSubmitted,
    DispensationRecordsSubmitted,
    DispensationRecordSubmitted,
)
from messages.message import Message
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.conftest import OpenBench
from tests.unit.handlers.dispensing import (
    CREATED,
    PHARMACY,
    became,
    dispensing,
    faults,
    file,
    hand_in,
    json_record,
    kept,
    register,
)

OTHERS = {"PHA01": "1245319599", "PHA02": "0700012", "PHA03": "AS1234563", "PHA04": "SAMPLE PHARMACY"}


async def refused(bench: Bench, message: Message) -> tuple[Refuse, dict[str, Any]]:
    """The other gateway sends it and is refused; the refusal, and the report in it."""
    outcome = await bench.send(message, sender="other")
    assert isinstance(outcome, Refuse)
    assert outcome.code == "R21"
    return outcome, dict(outcome.result or {})


def record_list(*records: dict[str, Any]) -> DispensationRecordsSubmitted:
    written = {"transaction": "L1", "created_at": CREATED.isoformat(), "records": records}
    return DispensationRecordsSubmitted.model_validate_json(json.dumps(written))


async def test_r61_only_its_submitters_may_send_for_a_dispenser(bench: Bench) -> None:
    """Another broker user's file is refused, and its report names why; one of its own is taken by any of its numbers."""
    await register(bench, submitters=("gateway",))
    body = file("T1", dispensing("1"), dispensing("2", DSP09="none"))
    refusal, report = await refused(bench, DispensationFileSubmitted(body=body))
    assert (refusal.field, refusal.text[:6]) == ("PHA03", "PHA03:")
    assert faults(report) == [("R11", "error", "2"), ("R21", "error", None)]
    assert became(report) == {"with_errors": 2}
    assert await kept(bench) == []
    assert {notice for notice, _ in bench.told} == {"submission.status_report"}
    assert became(await hand_in(bench, file("T1", dispensing("1"), PHA03="", PHA02=""))) == {"stored": 1}


async def test_r61_a_list_and_a_record_are_refused_alike(bench: Bench) -> None:
    """With the same code, field and sentence; the list with its report."""
    await register(bench, submitters=("gateway",))
    in_list, report = await refused(bench, record_list(json_record("1")))
    assert faults(report) == [("R21", "error", None)]
    alone, _ = await refused(bench, DispensationRecordSubmitted.model_validate_json(json.dumps(json_record("1"))))
    assert (in_list.code, in_list.field, in_list.text) == (alone.code, alone.field, alone.text)
    assert in_list.faults == alone.faults


async def test_r61_a_zero_report_is_refused_too(bench: Bench) -> None:
    """It covers no day, and is not confirmed."""
    await register(bench, submitters=("gateway",))
    body = write_zero_report("4.2B", "Z1", CREATED, PHARMACY, begins_on=CREATED.date(), ends_on=CREATED.date())
    await refused(bench, DispensationFileSubmitted(body=body))
    assert {notice for notice, _ in bench.told} == {"submission.status_report"}


async def test_r61_what_was_refused_can_be_sent_again(bench: Bench) -> None:
    """The register is mended: the same file is taken, under the number it had (F11)."""
    await register(bench, submitters=("gateway",))
    message = DispensationFileSubmitted(body=file("T1", dispensing("1")))
    for _ in range(2):
        await refused(bench, message)
    await register(bench, submitters=("gateway", "other"))
    taken = await bench.send(message, sender="other")
    assert isinstance(taken, Done)
    assert became(dict(taken.result or {})) == {"stored": 1}


async def test_r61_a_file_that_is_in_part_its_own_is_taken(bench: Bench) -> None:
    """What it may send for is stored, and the report names the rest."""
    await register(bench, submitters=("gateway",))
    both = [(PHARMACY, [dispensing("1")]), (OTHERS, [dispensing("2")])]
    report = await hand_in(bench, write_transaction("4.2B", "T1", CREATED, both), sender="other")
    assert [(one["stored"], one["with_errors"]) for one in report["pharmacies"]] == [(0, 1), (1, 0)]
    assert ("R21", "error", "DEA AB1234563") in [
        (fault["check"], fault["severity"], fault["pharmacy"]) for fault in report["faults"]
    ]


@pytest.mark.parametrize(("how", "told"), [("warn", [("R21", "warning", None)]), ("accept", [])])
async def test_r61_may_be_milder(bench_of: OpenBench, how: str, told: list[Any]) -> None:
    """As a setting it warns, or says nothing."""
    bench = await bench_of(unregistered_submitter=how)
    await register(bench, submitters=("gateway",))
    report = await hand_in(bench, file("T1", dispensing("1")), sender="other")
    assert (faults(report), became(report)) == (told, {"stored": 1})
