"""Records in error are reminded of daily for a week, until a later record corrects them (R47)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from handlers.outcomes import Done
from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from messages.asap.writer import write_transaction
from messages.dispensation import DispensationRecordSubmitted
from notifier.preview import preview_of
from store import submissions
from store.contract import Transaction
from store.submissions import Uncorrected
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import CREATED, dispensing, file, hand_in, json_record, register

TODAY = date(2026, 6, 15)


async def reminded(bench: Bench, days: int = 1) -> list[int]:
    """How many open errors each notice told, on each of so many days after today."""
    found = []
    for number in range(1, days + 1):
        for one in await bench.sweep(TODAY + timedelta(days=number), "error_reminders"):
            assert one.destination == "files@example.org"
            found.append(int(str(one.facts["errors"])))
    return found


async def test_r47_errors_are_reminded_of_for_seven_days(bench: Bench) -> None:
    """Daily, with their number; on the day itself the report has told them, after a week administrators are."""
    bad = {"DSP09": "none"}
    await hand_in(bench, file("T1", dispensing("1", **bad), dispensing("2", **bad), dispensing("3")))
    assert await bench.sweep(TODAY, "error_reminders") == []
    assert await reminded(bench, 10) == [2] * 7

    async def unit(tx: Transaction) -> list[Sequence[Uncorrected]]:
        until = TODAY + timedelta(days=8 - 7 - 1)
        return [page async for page in submissions.uncorrected(tx, reported_from=date.min, reported_to=until)]

    ((left,),) = await bench.store.read(unit)
    assert (left.sender, left.transaction_control, left.errors) == ("gateway", "T1", 2)


async def test_r47_a_reminder_names_the_pharmacy(bench: Bench) -> None:
    """A gateway that sends for many learns whose records they are; and nothing of the records."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    (told,) = await bench.sweep(TODAY + timedelta(days=1), "error_reminders")
    assert told.facts == {
        "transaction": "T1", "errors": 1, "reported_on": "2026-06-15", "pharmacy": "AB1234563",
        "last_on": "2026-06-22", "days_left": 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (1, "6 days are left: we remind you daily until June 22, 2026. What is not corrected by then is listed to"),
        (6, "One day is left: we remind you daily until June 22, 2026."),
        (7, "This is the last reminder. What is not corrected by the end of June 22, 2026 is listed to"),
    ],
)
async def test_r47_a_reminder_says_since_when_how_long_and_what_then(bench: Bench, day: int, says: str) -> None:
    """A clerk who reads only this one knows all of it."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    await bench.sweep(TODAY + timedelta(days=day), "error_reminders")
    seen = preview_of(bench.written[-1])
    assert seen.subject == "1 record still to be corrected: transaction T1"
    for part in (" ".join(seen.text.split()), seen.html):
        assert says in part
        assert "June 15, 2026" in part


async def test_r61_a_submitter_is_not_reminded_of_what_it_may_send_no_more(bench: Bench) -> None:
    """The dispenser has gone to another gateway; records of its other one still wait. Administrators see both in the end."""
    await register(bench)
    await register(bench, dea="AS1234563", npi=None, ncpdp=None)
    both = [
        ({"PHA03": "AB1234563"}, [dispensing("1", DSP09="none")]),
        ({"PHA03": "AS1234563"}, [dispensing("2", DSP09="none")]),
    ]
    await hand_in(bench, write_transaction("4.2B", "T1", CREATED, both))
    assert await reminded(bench) == [2]
    await register(bench, submitters=("other",))
    assert await reminded(bench, 2) == [1]
    await register(bench, submitters=("other", "gateway"))
    assert await reminded(bench, 3) == [2]
    await register(bench, submitters=("other",))
    await register(bench, dea="AS1234563", npi=None, ncpdp=None, submitters=("other",))
    assert await reminded(bench, 7) == []
    first, *_ = await bench.sweep(TODAY + timedelta(days=8), "administrators_digest")
    assert "2 to correct" in str(first.facts["sections"])


@pytest.mark.parametrize(("numbers", "is_told"), [({"unregistered_submitter": "warn"}, [1]), ({}, [])])
async def test_r61_whether_another_may_send_is_the_programmes(
    bench: Bench, numbers: dict[str, str], is_told: list[int]
) -> None:
    """Where anyone may send for anyone, anyone can correct."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    await register(bench, submitters=("other",))
    bench.programme = replace(bench.programme, policy=Policy.model_validate(numbers))
    assert await reminded(bench) == is_told


@pytest.mark.parametrize(("may_send", "is_told"), [("dispensation.*", [1]), ("registration.*", [])])
async def test_r61_nor_is_a_broker_user_that_may_send_no_dispensations(
    bench: Bench, may_send: str, is_told: list[int]
) -> None:
    """It could only be told so again."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    bench.programme = replace(bench.programme, publishers=Publishers({"gateway": (may_send,)}))
    assert await reminded(bench) == is_told


async def test_r47_the_administrators_digest_lists_what_was_not_corrected(bench: Bench) -> None:
    """On the day after the last reminder, and from then on."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    assert await bench.sweep(TODAY + timedelta(days=7), "administrators_digest") == []
    await bench.sweep(TODAY + timedelta(days=8), "administrators_digest")
    assert bench.digest == {
        "Submissions with records that were not corrected (1)": [
            "transaction T1 of gateway for AB1234563, reported on June 15, 2026: 1 to correct"
        ]
    }


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"DSP09": "none"}, "00"),
        ({"DSP09": "none"}, "01"),
        ({"DSP05": "20260701"}, "00"),
        ({"PRE01": "", "PRE02": ""}, "00"),
    ],
)
async def test_r47_the_same_record_corrected_is_told_no_more(bench: Bench, wrong: dict[str, str], status: str) -> None:
    """New or as a revision; also when the day filled was what was wrong."""
    await hand_in(bench, file("T1", dispensing("1", **wrong), dispensing("2", **wrong)))
    await hand_in(bench, file("T2", dispensing("1", status)))
    assert await reminded(bench) == [1]
    await hand_in(bench, file("T3", dispensing("2", status)))
    assert await reminded(bench, 9) == []


async def test_r47_another_prescription_corrects_nothing(bench: Bench) -> None:
    """Nor does the same number of another day."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    await hand_in(bench, file("T2", dispensing("2"), dispensing("1", DSP05="20260611")))
    assert await reminded(bench) == [1]


async def test_r47_a_pharmacys_own_number_may_be_what_is_corrected(bench: Bench) -> None:
    """The record then comes from another number; only the same submitter's counts."""
    await hand_in(bench, file("T1", dispensing("1"), PHA03="AB1234560"))
    await hand_in(bench, file("T1", dispensing("1"), PHA03="AS1234563"), sender="other")
    assert await reminded(bench) == [1]
    await hand_in(bench, file("T2", dispensing("1")))
    assert await reminded(bench, 3) == []


async def test_r47_the_same_error_again_is_one_error(bench: Bench) -> None:
    """It waits with the newer submission, from the day on which it was first told."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    bench.now += timedelta(days=3)
    await hand_in(bench, file("T2", dispensing("1", DSP09="0"), dispensing("2", DSP09="0")))
    told = await bench.sweep(TODAY + timedelta(days=4), "error_reminders")
    assert [(one.facts["transaction"], one.facts["reported_on"], one.facts["errors"]) for one in told] == [
        ("T2", "2026-06-15", 1),
        ("T2", "2026-06-18", 1),
    ]
    assert [len(await bench.sweep(TODAY + timedelta(days=days), "error_reminders")) for days in (7, 8, 11)] == [2, 1, 0]


@pytest.mark.parametrize("field", ["DSP06", "DSP13"])
async def test_r47_another_fill_corrects_nothing(bench: Bench, field: str) -> None:
    """A refill or a part of the same prescription and day is another record; where that was at fault, any may be it."""
    await hand_in(
        bench, file("T1", dispensing("1", DSP09="none", DSP04="5"), dispensing("2", DSP04="5", **{field: "xx"}))
    )
    await hand_in(bench, file("T2", *(dispensing(number, DSP04="5", **{field: "2"}) for number in "12")))
    assert await reminded(bench) == [1]
    await hand_in(bench, file("T3", dispensing("1", DSP04="5")))
    assert await reminded(bench, 3) == []


async def test_r47_a_void_ends_the_error(bench: Bench) -> None:
    """Whoever withdraws the record has nothing left to correct."""
    await hand_in(bench, file("T1", dispensing("1", DSP09="none")))
    await hand_in(bench, file("T2", dispensing("1", "02")))
    assert await reminded(bench, 3) == []


async def test_r47_a_record_without_a_number_is_corrected_by_one_of_its_day(bench: Bench) -> None:
    """What was missing cannot be asked for."""
    await hand_in(bench, file("T1", dispensing("")))
    await hand_in(bench, file("T2", dispensing("1", DSP05="20260611")))
    assert await reminded(bench) == [1]
    await hand_in(bench, file("T3", dispensing("1")))
    assert await reminded(bench, 3) == []


async def test_r47_a_record_in_json_corrects_a_files(bench: Bench) -> None:
    """Whichever way it comes, the record is the same."""
    await hand_in(bench, file("T1", dispensing("800001", DSP09="none")))
    message = DispensationRecordSubmitted.model_validate_json(json.dumps(json_record("800001")))
    assert isinstance(await bench.send(message), Done)
    assert await reminded(bench, 3) == []
