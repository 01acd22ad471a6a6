"""A submission is held to its checks and deadlines as of the day it was handed in, however long it waited (R40, R41)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from handlers.publishers import Publishers
from messages.dispensation import DispensationRecordsSubmitted, DispensationRecordSubmitted
from messages.dispenser import DispenserRegistered
from messages.envelope import Envelope
from messages.message import Message
from store import dead_letters
from store.audit import Operator
from tests.unit.handlers.dispensing import dispensing, file, json_record
from tests.unit.workers.processing import BEGIN, Bench, bench, enveloped, threads

__all__ = ["bench", "threads"]  # fixtures
EVE, DAY, MORROW = "2026-11-23", "2026-11-24", "2026-11-25"  # BEGIN is on a Tuesday: due that day, today, in the future
Submission = Callable[[str], Envelope]


def as_file(filled_on: str) -> Envelope:
    """One record filled on that day, in a file made just before BEGIN."""
    day = filled_on.replace("-", "")
    body = file("T1", dispensing(DSP03=day, DSP05=day), created_at=BEGIN)
    return Envelope("m1", "dispensation.file_submitted", "portal", body, "text/x-asap")


def _as_json(filled_on: str, message: Callable[[str], Message]) -> Envelope:
    return enveloped(message(json.dumps(json_record(written_on=filled_on, filled_on=filled_on))), "m1")


def as_list(filled_on: str) -> Envelope:
    """The same in a list."""
    whole = '{{"transaction": "T1", "records": [{}]}}'
    return _as_json(filled_on, lambda record: DispensationRecordsSubmitted.model_validate_json(whole.format(record)))


def as_record(filled_on: str) -> Envelope:
    """The same as a message of its own."""
    return _as_json(filled_on, DispensationRecordSubmitted.model_validate_json)


def stored(bench: Bench) -> list[tuple[str, str]]:
    """When each record was received, and how it is marked."""
    return bench.counted.rows("SELECT received_on, marks FROM dispensations")


def dispenser(dea: str) -> Envelope:
    """A pharmacy is registered."""
    named = DispenserRegistered(dea=dea, dispenser_kind="pharmacy", name="Example", contact_email="e@example.org")
    return enveloped(named, f"m-{dea}")


def hold_unknown(bench: Bench) -> None:
    """From now on records of unknown dispensers wait."""
    programme = bench.processor.programme
    policy = programme.policy.model_copy(update={"unknown_dispenser_holds": True})
    bench.processor.programme = replace(programme, policy=policy)


@pytest.mark.parametrize("submission", [as_file, as_list, as_record])
async def test_r40_what_waited_for_its_dispenser_is_not_late_for_it(bench: Bench, submission: Submission) -> None:
    """Handed in on the last day and stored three days later, it is in time; the dispenser's last report was that day."""
    hold_unknown(bench)
    await bench.take(dispenser("AS1234563"), submission(EVE))
    assert stored(bench) == []
    bench.clock.later(days=3)
    await bench.take(dispenser("AB1234563"))
    assert await bench.wait_turn() == 1
    assert stored(bench) == [(DAY, "")]
    assert bench.counted.rows("SELECT last_report_on FROM dispensers WHERE dispenser = 'AB1234563'") == [(DAY,)]


@pytest.mark.parametrize("submission", [as_file, as_list, as_record])
async def test_r40_a_replayed_submission_is_as_late_as_when_it_was_handed_in(
    bench: Bench, submission: Submission
) -> None:
    """It died for another reason; a week later an operator lets it have its turn again."""
    everybody = bench.processor.programme
    bench.processor.programme = replace(everybody, publishers=Publishers({"clerk": ("*",)}))
    await bench.take(submission(EVE))
    bench.processor.programme = everybody
    bench.clock.later(days=7)
    await bench.store.write(
        lambda tx: dead_letters.replay(
            tx, 1, operator=Operator("op"), why="mended", now=bench.clock.now, gives_up_at=bench.clock.now
        )
    )
    await bench.wait_turn(seconds=1)
    assert stored(bench) == [(DAY, "")]


@pytest.mark.parametrize("submission", [as_file, as_list, as_record])
async def test_r04_what_was_in_the_future_when_it_was_handed_in_stays_so(bench: Bench, submission: Submission) -> None:
    """A date that has come while the submission waited was wrong all the same."""
    hold_unknown(bench)
    await bench.take(dispenser("AS1234563"), submission(MORROW))
    bench.clock.later(days=3)
    await bench.take(dispenser("AB1234563"))
    await bench.wait_turn()
    assert stored(bench) == []


async def test_r47_the_report_names_the_time_of_the_hand_in(bench: Bench) -> None:
    """In the e-mail and in the list of submissions (R50)."""
    hold_unknown(bench)
    await bench.take(dispenser("AS1234563"), as_file(EVE))
    bench.clock.later(days=3)
    await bench.take(dispenser("AB1234563"))
    await bench.wait_turn()
    told = "SELECT facts ->> 'received_at_text' FROM outbox WHERE name = 'submission.status_report'"
    assert bench.counted.rows(told) == [("November 24, 2026, 10:00 AM EST",)]
    assert [row[0][:10] for row in bench.counted.rows("SELECT received_at FROM submissions")] == [DAY]
