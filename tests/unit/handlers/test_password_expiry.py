"""The life of a password, day by day: warned of on E − 9 … E − 1, told once when it is over (R32, R33, R35)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.outcomes import Done
from handlers.rules.passwords import expires_on, is_expired
from handlers.rules.policy import Policy
from messages.account import AccountPasswordSet
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.conftest import OpenBench

DAY = timedelta(days=1)
WARNING, TOLD = "account.password_expiring", "account.password_expired"

# When the password was set, and its expiration date, counted by hand: 90 calendar days in the programme's time zone.
LIVES = [
    pytest.param(
        "America/New_York", datetime(2026, 8, 10, 16, 0, tzinfo=UTC), date(2026, 11, 8), id="into winter time"
    ),
    pytest.param("America/New_York", datetime(2026, 8, 11, 3, 59, tzinfo=UTC), date(2026, 11, 8), id="before midnight"),
    pytest.param("America/New_York", datetime(2026, 8, 11, 4, 0, tzinfo=UTC), date(2026, 11, 9), id="after midnight"),
    pytest.param(
        "America/New_York", datetime(2026, 12, 20, 17, 0, tzinfo=UTC), date(2027, 3, 20), id="into summer time"
    ),
    pytest.param("America/New_York", datetime(2027, 12, 15, 17, 0, tzinfo=UTC), date(2028, 3, 14), id="leap day"),
    pytest.param("America/New_York", datetime(2026, 8, 3, 16, 0, tzinfo=UTC), date(2026, 11, 1), id="on the change"),
    pytest.param(
        "Pacific/Kiritimati", datetime(2026, 12, 31, 10, 0, tzinfo=UTC), date(2027, 4, 1), id="new year first"
    ),
    pytest.param("Pacific/Pago_Pago", datetime(2027, 1, 1, 10, 0, tzinfo=UTC), date(2027, 3, 31), id="new year last"),
]


async def _days(bench: Bench, first: date, last: date) -> dict[date, list[tuple[str, object]]]:
    """What each day's sweep wrote, the days without e-mail left out."""
    told: dict[date, list[tuple[str, object]]] = {}
    day = first
    while day <= last:
        new: list[tuple[str, object]] = [(one.name, one.facts.get("days_left")) for one in await bench.sweep(day)]
        if new:
            told[day] = new
        day += DAY
    return told


@pytest.mark.parametrize(("time_zone", "set_at", "expiration"), LIVES)
async def test_r33_r35_a_password_s_life(
    bench_of: OpenBench, time_zone: str, set_at: datetime, expiration: date
) -> None:
    """From the day it is set until weeks after its end: nine warnings that count down, then one last word."""
    bench = await bench_of(time_zone=time_zone)
    bench.now = set_at
    await bench.open_account()
    told = await _days(bench, bench.programme.policy.local_date(set_at), expiration + 30 * DAY)
    expected: dict[date, list[tuple[str, object]]] = {
        expiration - left * DAY: [(WARNING, left)] for left in range(9, 0, -1)
    }
    assert told == expected | {expiration: [(TOLD, None)]}


async def test_r33_a_day_has_one_warning_however_often_it_is_swept(bench: Bench) -> None:
    """The second run for a date writes nothing."""
    await bench.open_account()
    for day in (date(2026, 9, 4), date(2026, 9, 12), date(2026, 9, 13)):
        assert len(await bench.sweep(day)) == 1
        assert await bench.sweep(day) == []


async def test_r33_a_missed_day_is_not_made_up(bench: Bench) -> None:
    """Nothing ran from E − 8 to E − 3: the next day has its own warning and no more."""
    await bench.open_account()
    assert list(await _days(bench, date(2026, 9, 4), date(2026, 9, 4))) == [date(2026, 9, 4)]
    assert await _days(bench, date(2026, 9, 11), date(2026, 9, 11)) == {date(2026, 9, 11): [(WARNING, 2)]}


@pytest.mark.parametrize("late", [1, 7, 30])
async def test_r35_who_was_missed_is_told_later_and_once(bench: Bench, late: int) -> None:
    """The workers were down on E: the first sweep afterwards tells it."""
    await bench.open_account()
    first = date(2026, 9, 13) + late * DAY
    assert await _days(bench, first, first + 20 * DAY) == {first: [(TOLD, None)]}


async def test_r33_a_changed_password_stops_the_warnings(bench: Bench) -> None:
    """Changed on E − 4: silence until nine days before the new date, which counts from the change."""
    await bench.open_account()
    told = await _days(bench, date(2026, 9, 4), date(2026, 9, 9))
    bench.now = datetime(2026, 9, 9, 20, 0, tzinfo=UTC)
    message = AccountPasswordSet(account_id="REG-1", password=bench.seal("Other-Horse"))
    assert isinstance(await bench.send(message), Done)
    told |= await _days(bench, date(2026, 9, 10), date(2026, 12, 20))
    assert [day for day, mails in told.items() if mails[0][0] == WARNING] == [
        *(date(2026, 9, 4) + number * DAY for number in range(6)),
        *(date(2026, 11, 29) + number * DAY for number in range(9)),
    ]
    assert [day for day, mails in told.items() if mails[0][0] == TOLD] == [date(2026, 12, 8)]


async def test_r35_an_expired_password_leaves_the_account_active(bench: Bench) -> None:
    """It can be reset, and the next expiration is told anew."""
    await bench.open_account()
    await _days(bench, date(2026, 9, 13), date(2026, 9, 15))
    bench.now = datetime(2026, 9, 15, 15, 0, tzinfo=UTC)
    await bench.send(AccountPasswordSet(account_id="REG-1", password=bench.seal("Other-Horse")))
    assert await bench.count("accounts WHERE state = 'active'") == 1
    told = await _days(bench, date(2026, 9, 16), date(2026, 12, 31))
    assert [day for day, mails in told.items() if mails == [(TOLD, None)]] == [date(2026, 12, 14)]


@pytest.mark.parametrize("state", ["suspended", "revoked", "deactivated"])
async def test_r33_only_active_accounts_are_told(bench: Bench, state: str) -> None:
    """Who cannot log in anyway hears nothing of passwords."""
    await bench.open_account()
    await bench.change(f"UPDATE accounts SET state = '{state}'")
    assert await _days(bench, date(2026, 9, 1), date(2026, 9, 20)) == {}


async def test_every_account_is_told_for_itself(bench: Bench) -> None:
    """Several passwords that end on one day are several e-mails to their holders."""
    for number in range(3):
        await bench.open_account(f"REG-{number}", email=f"robin{number}@example.org")
    told = await bench.sweep(date(2026, 9, 5))
    assert sorted(one.destination for one in told) == [f"robin{number}@example.org" for number in range(3)]


@pytest.mark.parametrize("warning_days", [0, 1, 2, 20])
async def test_r35_the_end_is_told_whatever_the_number_of_warnings(bench_of: OpenBench, warning_days: int) -> None:
    """A programme that warns on more, fewer or no days still tells the lock-out, on E and once."""
    bench = await bench_of(password_warning_days=warning_days)
    await bench.open_account()
    told = await _days(bench, date(2026, 8, 1), date(2026, 10, 10))
    assert [day for day, mails in told.items() if mails == [(TOLD, None)]] == [date(2026, 9, 13)]
    assert len(told) == warning_days + 1


@pytest.mark.parametrize(
    ("today", "is_over"), [(date(2026, 9, 12), False), (date(2026, 9, 13), True), (date(2026, 9, 14), True)]
)
def test_r32_a_password_works_through_the_day_before_its_expiration(today: date, is_over: bool) -> None:
    """From the start of E it is expired."""
    assert is_expired(expires_on(date(2026, 6, 15), Policy()), today) is is_over
