"""The model's own calendar, beside days that anybody can look up."""

from __future__ import annotations

from datetime import UTC, date, datetime

from workers.simulation.model.calendar import (
    after_open_minutes,
    business_day_after,
    is_business_day,
    local_day,
)


def test_a_day_is_connecticuts() -> None:
    """Half past eleven in the evening is still that day, before and after the change of clocks."""
    assert local_day(datetime(2025, 11, 2, 3, 30, tzinfo=UTC)) == date(2025, 11, 1)
    assert local_day(datetime(2025, 11, 3, 4, 30, tzinfo=UTC)) == date(2025, 11, 2)


def test_weekends_and_holidays_are_no_business_days() -> None:
    """Veterans Day and the weekend are left out."""
    assert not is_business_day(date(2025, 11, 11))
    assert business_day_after(date(2025, 11, 10)) == date(2025, 11, 12)


def test_r72_only_open_minutes_count() -> None:
    """Two hours from Friday 16:00 end on Monday 9:00; from Saturday on Monday 10:00; to the minute of closing on that day."""
    friday = datetime(2025, 11, 7, 21, 0, tzinfo=UTC)
    assert after_open_minutes(friday, 120) == datetime(2025, 11, 10, 14, 0, tzinfo=UTC)
    assert after_open_minutes(datetime(2025, 11, 8, 12, 0, tzinfo=UTC), 120) == datetime(
        2025, 11, 10, 15, 0, tzinfo=UTC
    )
    assert after_open_minutes(friday, 60) == datetime(2025, 11, 7, 22, 0, tzinfo=UTC)
