"""Who reports neither dispensings nor nothing is told on the first, third and fifth business day, then listed (R42)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.outcomes import DONE, Defer, Done, Refuse
from handlers.overdue import Overdue, listed_to_administrators
from messages.asap.writer import write_void, write_zero_report
from messages.dispensation import DispensationFileSubmitted, DispensationRecordSubmitted
from messages.dispenser import DispenserClosed, DispenserExemptionDeclared, DispenserExemptionEnded
from store.contract import Transaction
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import PHARMACY, as_test, dispensing, file, hand_in, json_record, register

MONDAY = date(2026, 6, 15)


async def told(bench: Bench, *days: date) -> list[tuple[str, int]]:
    """The days on which the sweep wrote notices, and how many business days overdue they said."""
    found = []
    for day in days:
        for one in await bench.sweep(day, "overdue_dispensers"):
            assert one.destination == "pharmacy@example.org"
            found.append((f"{day:%a %d}", int(str(one.facts["days_overdue"]))))
    return found


def from_monday(days: int) -> list[date]:
    """That many days from Monday, 15 June 2026, on; Friday the 19th is Juneteenth."""
    return [MONDAY + timedelta(days=number) for number in range(days)]


async def long_overdue(bench: Bench, day: date) -> list[Overdue]:
    async def unit(tx: Transaction) -> list[Sequence[Overdue]]:
        return [page async for page in listed_to_administrators(tx, day, bench.programme.policy)]

    return [one for page in await bench.store.read(unit) for one in page]


def at(day: int, hour: int = 15) -> datetime:
    """A time of June 2026."""
    return datetime(2026, 6, day, hour, tzinfo=UTC)


async def zero(bench: Bench, begins: date, ends: date, **pharmacy: str) -> None:
    given = PHARMACY | pharmacy
    body = write_zero_report("4.2B", f"Z{begins}-{ends}", at(15, 10), given, begins_on=begins, ends_on=ends)
    assert isinstance(await bench.send(DispensationFileSubmitted(body=body), sender="gateway"), Done)


async def test_r42_silence_is_told_three_times_and_then_listed(bench: Bench) -> None:
    """Registered on Monday, Tuesday is due on Wednesday; weekends and Juneteenth do not count."""
    await register(bench)
    assert await told(bench, *from_monday(14)) == [("Thu 18", 1), ("Tue 23", 3), ("Thu 25", 5)]
    assert await long_overdue(bench, date(2026, 6, 25)) == []
    (listed,) = await long_overdue(bench, date(2026, 6, 26))
    assert (listed.dispenser, listed.due_on, listed.business_days) == ("AB1234563", date(2026, 6, 17), 6)


async def test_r42_the_administrators_digest_lists_who_stayed_overdue(bench: Bench) -> None:
    """By its number, behind the last e-mail."""
    await register(bench)
    assert await bench.sweep(date(2026, 6, 25), "administrators_digest") == []
    await bench.sweep(date(2026, 6, 26), "administrators_digest")
    assert bench.digest == {
        "Dispensers that stayed overdue (1)": ["AB1234563, due on June 17, 2026, 6 business days overdue"]
    }


async def test_r42_the_notice_names_the_first_day_not_covered(bench: Bench) -> None:
    """It is told apart from the deadline; closed days are days too."""
    bench.now = at(19)
    await register(bench)
    (notice,) = await bench.sweep(date(2026, 6, 23), "overdue_dispensers")
    assert (notice.facts["missing_from"], notice.facts["due_on"]) == ("2026-06-20", "2026-06-22")
    assert b"First day not covered" in bench.written[-1].content


async def test_r42_a_missed_sweep_is_made_up(bench: Bench) -> None:
    """The first notice goes out on the second business day when the first was missed, and only once."""
    await register(bench)
    assert await told(bench, date(2026, 6, 22), date(2026, 6, 22)) == [("Mon 22", 2)]
    assert await told(bench, date(2026, 7, 6), date(2026, 7, 7)) == [("Mon 06", 11)]


async def test_r42_a_submission_covers_what_was_dispensed_before(bench: Bench) -> None:
    """Made on Wednesday it covers Tuesday, so the next deadline is Thursday's for Wednesday."""
    await register(bench)
    bench.now = at(17)
    await hand_in(bench, file("T1", dispensing("1"), created_at=at(17, 10)))
    assert await told(bench, *from_monday(8)) == [("Mon 22", 1)]


async def test_r42_a_record_of_today_covers_today(bench: Bench) -> None:
    """The last day dispensed counts when it is later."""
    await register(bench)
    bench.now = at(17)
    await hand_in(bench, file("T1", dispensing("1", DSP05="20260617"), created_at=at(17, 14)))
    assert await told(bench, *from_monday(8)) == []
    assert await told(bench, date(2026, 6, 23)) == [("Tue 23", 1)]


async def test_r42_a_zero_report_covers_its_period(bench: Bench) -> None:
    """Up to its last day, whatever day it came on."""
    bench.now = at(10)
    await register(bench)
    bench.now = at(15)
    await zero(bench, date(2026, 6, 10), date(2026, 6, 12))
    assert await told(bench, date(2026, 6, 15)) == []
    assert await told(bench, date(2026, 6, 16)) == [("Tue 16", 1)]


@pytest.mark.parametrize("first", ["gap", "later"])
async def test_r42_a_zero_report_forgives_no_gap_before_it(bench: Bench, first: str) -> None:
    """What lies behind the gap counts once that is closed, by whatever number and in whatever order it came."""
    bench.now = at(8)
    await register(bench)
    bench.now = at(16)
    if first == "gap":
        await zero(bench, date(2026, 6, 10), date(2026, 6, 12))
        assert await told(bench, date(2026, 6, 12), date(2026, 6, 16)) == [("Fri 12", 2), ("Tue 16", 4)]
        await zero(bench, date(2026, 6, 9), date(2026, 6, 9))
    else:
        await zero(bench, date(2026, 6, 9), date(2026, 6, 9))
        await zero(bench, date(2026, 6, 10), date(2026, 6, 12), PHA03="", PHA01="")
    assert await told(bench, date(2026, 6, 16)) == [("Tue 16", 1)]
    await zero(bench, date(2026, 6, 16), date(2026, 6, 16))  # Monday is left out, the weekend is no gap
    assert [one.missing_from for one in await long_overdue(bench, date(2026, 6, 25))] == [date(2026, 6, 13)]
    await zero(bench, date(2026, 6, 15), date(2026, 6, 15))
    assert await told(bench, date(2026, 6, 18), date(2026, 6, 22)) == [("Mon 22", 1)]


async def test_r42_what_zero_reports_cover_is_added_up_when_they_come(bench: Bench) -> None:
    """Nobody need look at their periods again but at those behind a gap."""
    bench.now = at(8)
    await register(bench)
    bench.now = at(17)
    for begins, ends, covered_to in ((11, 12, 8), (16, 16, 8), (9, 10, 12), (15, 15, 16)):
        await zero(bench, date(2026, 6, begins), date(2026, 6, ends))
        (row,) = await (await bench.store._reader.execute("SELECT covered_to FROM dispensers")).fetchall()
        assert row[0] == f"2026-06-{covered_to:02}"


async def test_r42_a_submission_closes_every_gap_before_it(bench: Bench) -> None:
    """And what a zero report covers behind it counts at once."""
    bench.now = at(8)
    await register(bench)
    bench.now = at(17)
    await zero(bench, date(2026, 6, 15), date(2026, 6, 17))
    await hand_in(bench, file("T1", dispensing("1"), created_at=at(13, 14)))
    assert await told(bench, date(2026, 6, 17), date(2026, 6, 22)) == []
    assert await told(bench, date(2026, 6, 23)) == [("Tue 23", 1)]


async def test_r41_a_veterinarian_has_seven_days(bench: Bench) -> None:
    """Exactly seven days after the last report is in time; the period of a zero report does not matter."""
    await register(bench, dispenser_kind="veterinarian")
    await zero(bench, date(2026, 6, 1), date(2026, 6, 7))
    assert await told(bench, *from_monday(8)) == []
    assert await told(bench, date(2026, 6, 23)) == [("Tue 23", 1)]


async def test_r42_a_json_record_is_a_report_too(bench: Bench) -> None:
    """It covers up to the day before it was sent, by any of the dispenser's numbers."""
    await register(bench)
    bench.now = at(17)
    message = DispensationRecordSubmitted.model_validate_json(json.dumps(json_record(dispenser={"npi": "1234567893"})))
    assert isinstance(await bench.send(message), Done)
    assert await told(bench, *from_monday(8)) == [("Mon 22", 1)]


async def test_r42_a_file_whose_records_all_fail_covers_its_days(bench: Bench) -> None:
    """It was submitted, and its records are reminded of until they are corrected (R47)."""
    await register(bench)
    bench.now = at(17)
    await hand_in(bench, file("T1", dispensing("1", DSP09="none"), created_at=at(17, 10)))
    assert await told(bench, *from_monday(5)) == []
    assert [one.name for one in await bench.sweep(date(2026, 6, 18), "error_reminders")] == [
        "submission.error_reminder"
    ]


@pytest.mark.parametrize(
    ("verdict", "body"),
    [
        ("failed", file("T1", dispensing("1"), created_at=at(17, 10)).replace(b"TT*", b"XX*")),
        ("test", as_test(file("T1", dispensing("1"), created_at=at(17, 10)))),
        ("void", write_void("4.2B", "T0", at(17, 10))),
    ],
)
async def test_r42_what_is_no_submission_covers_nothing(bench: Bench, verdict: str, body: bytes) -> None:
    """A file that failed as a whole, one that is for trial, and one that only withdraws another."""
    await register(bench)
    bench.now = at(17)
    assert (await hand_in(bench, body))["verdict"] == verdict
    assert await told(bench, *from_monday(5)) == [("Thu 18", 1)]


async def test_r42_a_record_alone_that_is_refused_covers_nothing(bench: Bench) -> None:
    """Its sender knows at once, and nobody is reminded of it."""
    await register(bench)
    bench.now = at(17)
    message = DispensationRecordSubmitted.model_validate_json(json.dumps(json_record(filled_on="2026-06-18")))
    assert isinstance(await bench.send(message), Refuse)
    assert await told(bench, *from_monday(5)) == [("Thu 18", 1)]


@pytest.mark.parametrize("pharmacy", [{}, {"PHA03": "AB1234560"}], ids=["sound", "at fault"])
async def test_r61_another_ones_submitter_covers_nothing(bench: Bench, pharmacy: dict[str, str]) -> None:
    """Nor where it writes a number of the pharmacy wrong."""
    await register(bench, submitters=("chain",))
    bench.now = at(17)
    body = file("T1", dispensing("1"), created_at=at(17, 10), **pharmacy)
    await bench.send(DispensationFileSubmitted(body=body), sender="gateway")
    assert await told(bench, *from_monday(5)) == [("Thu 18", 1)]


async def exempt(bench: Bench, begins: date, ends: date | None = None) -> None:
    message = DispenserExemptionDeclared(dispenser="0700004", exemption="inpatient", from_on=begins, to_on=ends)
    assert await bench.send(message) == DONE


async def test_r43_a_standing_exemption_takes_it_out(bench: Bench) -> None:
    """While it holds; afterwards its own days are covered."""
    await register(bench)
    await exempt(bench, MONDAY)
    assert await told(bench, *from_monday(14)) == []
    assert await bench.send(DispenserExemptionEnded(dispenser="AB1234563", ended_on=date(2026, 6, 28))) == DONE
    assert await told(bench, date(2026, 6, 30)) == []
    assert await told(bench, date(2026, 7, 1)) == [("Wed 01", 1)]


async def test_r43_an_exemption_forgives_no_gap_before_it(bench: Bench) -> None:
    """Its notices rest while it holds, and go on afterwards where they stopped."""
    bench.now = at(8)
    await register(bench)
    await exempt(
        bench, date(2026, 6, 12), date(2026, 6, 15)
    )  # from Friday to Monday; Tuesday the 9th was due on the 10th
    days = [date(2026, 6, day) for day in range(9, 19)]
    assert await told(bench, *days) == [("Thu 11", 1), ("Wed 17", 3)]
    bench.now = at(18)
    await zero(bench, date(2026, 6, 9), date(2026, 6, 11))
    assert await told(bench, date(2026, 6, 18)) == [("Thu 18", 1)]  # Tuesday the 16th is owed now
    assert bench.mails[-1].facts["missing_from"] == "2026-06-16"


async def test_r41_an_exemption_forgives_no_week_that_a_veterinarian_missed(bench: Bench) -> None:
    """One that begins within the week covers its days."""
    bench.now = at(8)
    await register(bench, dispenser_kind="veterinarian")
    await exempt(bench, date(2026, 6, 15), date(2026, 6, 17))
    assert await told(bench, date(2026, 6, 18), date(2026, 6, 24)) == []
    assert await told(bench, date(2026, 6, 25)) == [("Thu 25", 1)]
    await exempt(bench, date(2026, 6, 25), date(2026, 6, 26))
    assert await told(bench, date(2026, 6, 26)) == []
    assert [one.due_on for one in await long_overdue(bench, date(2026, 7, 7))] == [date(2026, 6, 24)]


async def test_r42_one_that_has_closed_owes_what_was_before(bench: Bench) -> None:
    """Registered again it begins anew, on that day."""
    await register(bench)
    assert await bench.send(DispenserClosed(dispenser="AB1234563", closed_on=MONDAY)) == DONE
    assert await told(bench, *from_monday(14)) == []
    bench.now = at(24)
    await register(bench)
    assert await told(bench, date(2026, 6, 26)) == []
    assert await told(bench, date(2026, 6, 29)) == [("Mon 29", 1)]


async def test_r42_a_closing_takes_effect_on_its_day(bench: Bench) -> None:
    """Until then it must report, and new particulars change nothing of that; afterwards nothing more is expected."""
    await register(bench)
    friday, tuesday = date(2026, 6, 26), date(2026, 6, 23)
    assert await bench.send(DispenserClosed(dispenser="AB1234563", closed_on=friday)) == DONE
    assert await bench.send(DispenserClosed(dispenser="AB1234563", closed_on=tuesday)) == DONE
    await register(bench)
    bench.now = at(22)
    await zero(bench, date(2026, 6, 16), date(2026, 6, 22))
    assert await told(bench, date(2026, 6, 24), date(2026, 6, 25)) == [("Thu 25", 1)]
    bench.now = at(26)
    assert isinstance(await bench.send(DispenserClosed(dispenser="AB1234563", closed_on=friday)), Refuse)
    await zero(bench, tuesday, tuesday)
    assert await told(bench, *from_monday(30)[8:]) == []


async def test_r42_a_new_registration_does_not_forgive(bench: Bench) -> None:
    """New particulars change nothing of how far it has reported; the notice goes to the new address."""
    await register(bench)
    bench.now = at(22)
    await register(bench, contact_email="new@example.org")
    (notice,) = await bench.sweep(date(2026, 6, 22), "overdue_dispensers")
    assert (notice.destination, notice.facts["days_overdue"]) == ("new@example.org", 2)


async def test_what_is_not_registered_is_waited_for(bench: Bench) -> None:
    """An exemption or a closing may overtake the registration; what makes no sense is refused."""
    for message in (
        DispenserClosed(dispenser="AB1234563", closed_on=MONDAY),
        DispenserExemptionDeclared(dispenser="AB1234563", exemption="sample", from_on=MONDAY),
        DispenserExemptionEnded(dispenser="AB1234563", ended_on=MONDAY),
    ):
        assert isinstance(await bench.send(message), Defer)
    await register(bench)
    assert isinstance(await bench.send(DispenserExemptionEnded(dispenser="AB1234563", ended_on=MONDAY)), Refuse)
    assert await bench.send(DispenserClosed(dispenser="AB1234563", closed_on=MONDAY)) == DONE
    assert isinstance(await bench.send(DispenserClosed(dispenser="AB1234563", closed_on=MONDAY)), Refuse)


async def test_a_number_names_one_dispenser(bench: Bench) -> None:
    """A dispenser known by one number may gain others; numbers of two are refused."""
    assert await register(bench, dea=None, ncpdp=None) == Done({"dispenser": "1234567893"})
    assert await register(bench) == Done({"dispenser": "1234567893"})
    assert await register(bench, dea="AS1234563", npi=None, ncpdp=None) == Done({"dispenser": "AS1234563"})
    outcome = await register(bench, dea="AS1234563")
    assert isinstance(outcome, Refuse)
    assert outcome.code == "number_taken"
