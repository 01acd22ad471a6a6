"""Who reports neither dispensings nor nothing is told on the first, third and fifth business day, then listed (R42)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from handlers.outcomes import DONE, Defer, Done, Refuse
from handlers.overdue import Overdue, listed_to_administrators
from messages.asap.writer import write_zero_report
from messages.dispensation import DispensationFileSubmitted, DispensationRecordSubmitted
from messages.dispenser import DispenserClosed, DispenserExemptionDeclared, DispenserExemptionEnded
from store.contract import Transaction
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.dispensing import PHARMACY, dispensing, file, hand_in, json_record, register

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


async def zero(bench: Bench, begins: date, ends: date) -> None:
    body = write_zero_report("4.2B", f"Z{begins}", at(15, 10), PHARMACY, begins_on=begins, ends_on=ends)
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


async def test_r42_a_missed_sweep_is_made_up(bench: Bench) -> None:
    """The first notice goes out on the second business day when the first was missed, and only once."""
    await register(bench)
    assert await told(bench, date(2026, 6, 22), date(2026, 6, 22)) == [("Mon 22", 2)]


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


async def test_r42_a_file_whose_records_all_fail_covers_nothing(bench: Bench) -> None:
    """What could not be stored was not reported."""
    await register(bench)
    bench.now = at(17)
    await hand_in(bench, file("T1", dispensing("1", DSP09="none"), created_at=at(17, 10)))
    assert await told(bench, *from_monday(5)) == [("Thu 18", 1)]


async def test_r43_a_standing_exemption_takes_it_out(bench: Bench) -> None:
    """While it holds; afterwards it covers up to its last day."""
    await register(bench)
    message = DispenserExemptionDeclared(dispenser="0700004", exemption="inpatient", from_on=MONDAY)
    assert await bench.send(message) == DONE
    assert await told(bench, *from_monday(14)) == []
    assert await bench.send(DispenserExemptionEnded(dispenser="AB1234563", ended_on=date(2026, 6, 28))) == DONE
    assert await told(bench, date(2026, 6, 30)) == []
    assert await told(bench, date(2026, 7, 1)) == [("Wed 01", 1)]


async def test_r42_nothing_is_expected_of_who_has_closed(bench: Bench) -> None:
    """Registered again it begins anew, on that day."""
    await register(bench)
    assert await bench.send(DispenserClosed(dispenser="AB1234563", closed_on=MONDAY)) == DONE
    assert await told(bench, *from_monday(14)) == []
    bench.now = at(24)
    await register(bench)
    assert await told(bench, date(2026, 6, 26)) == []
    assert await told(bench, date(2026, 6, 29)) == [("Mon 29", 1)]


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
