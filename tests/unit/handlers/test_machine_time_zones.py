"""A password's whole life reads the same wherever the machine believes to be (R32–R35)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from notifier.render import Mail
from tests.unit.handlers.account_life import log_in
from tests.unit.handlers.bench import Bench, open_bench

ZONES = ("UTC", "America/New_York", "Asia/Tokyo")
DAY = timedelta(days=1)
# When it is set, and its expiration date in New York: both changes of the clock, a leap day and a year's end lie in between.
LIVES = [
    pytest.param(datetime(2026, 12, 20, 17, 0, tzinfo=UTC), date(2027, 3, 20), id="clocks go forward"),
    pytest.param(datetime(2026, 8, 11, 3, 30, tzinfo=UTC), date(2026, 11, 8), id="clocks go back"),
    pytest.param(datetime(2027, 12, 10, 4, 59, tzinfo=UTC), date(2028, 3, 8), id="leap day"),
    pytest.param(datetime(2026, 10, 5, 12, 0, tzinfo=UTC), date(2027, 1, 3), id="year's end"),
]


@pytest.fixture
def machine_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Whatever zone a test gives the machine, it has its own again afterwards."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


Life = tuple[list[tuple[date, str, object]], list[Mail]]


async def _life(bench: Bench, set_at: datetime, expiration: date) -> Life:
    """Each day from setting to weeks after the end: the sweep, then two logins, just after midnight and late in the evening.

    Returns what was written to leave on each day, and every e-mail of the password as it was rendered.
    """
    bench.now = set_at
    await bench.open_account()
    opened = len(bench.written)  # those hold links, which are never the same twice
    told: list[tuple[date, str, object]] = []
    day, last_no = bench.programme.policy.local_date(set_at), await bench.count("outbox")
    while day <= expiration + 20 * DAY:
        await bench.sweep(day)
        for hour in (5, 27):  # 27: three in the morning of the next day in UTC, still the evening in New York
            bench.now = max(set_at, datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour))
            await log_in(bench)
        left = await bench.store._reader.execute(
            "SELECT no, name, facts ->> 'days_left' FROM outbox WHERE no > ? ORDER BY no", (last_no,)
        )
        for no, name, days_left in await left.fetchall():
            told.append((day, name, days_left))
            last_no = no
        day += DAY
    return told, bench.written[opened:]


@pytest.mark.parametrize(("set_at", "expiration"), LIVES)
async def test_r33_the_same_e_mails_on_the_same_days_in_every_zone(
    tmp_path: Path, machine_zone: pytest.MonkeyPatch, set_at: datetime, expiration: date
) -> None:
    """Nine warnings that count down to the day before E and one last word on E, to the byte, in three zones."""
    lives = []
    for zone in ZONES:
        machine_zone.setenv("TZ", zone)
        time.tzset()
        bench = await open_bench(tmp_path / f"{zone.replace('/', '-')}.db")
        try:
            lives.append(await _life(bench, set_at, expiration))
        finally:
            await bench.store.close()
    assert lives[0] == lives[1] == lives[2]
    assert lives[0][0] == [
        *((expiration - left * DAY, "account.password_expiring", left) for left in range(9, 0, -1)),
        (expiration, "account.password_expired", None),
    ]
