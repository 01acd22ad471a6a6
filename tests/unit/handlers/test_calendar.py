"""Business days and help-desk hours (R40, R72, R74)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from handlers.rules.calendar import help_desk_is_open, is_business_day, next_business_day, next_opening
from handlers.rules.policy import Policy

POLICY = Policy()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(date(2026, 4, 3), False, id="Good Friday is a holiday in Connecticut"),
        pytest.param(date(2026, 2, 12), False, id="Lincoln's Birthday too"),
        pytest.param(date(2026, 7, 3), False, id="July 4 on a Saturday is observed on Friday"),
        pytest.param(date(2026, 11, 24), True, id="an ordinary Tuesday"),
        pytest.param(date(2026, 11, 28), False, id="Saturday"),
    ],
)
def test_business_days(day: date, expected: bool) -> None:
    """R40: weekends and state holidays are no business days."""
    assert is_business_day(day, POLICY) is expected


def test_friday_is_followed_by_monday() -> None:
    """R40: sold on a Friday, due Monday; before a holiday, the business day after it."""
    assert next_business_day(date(2026, 11, 20), POLICY) == date(2026, 11, 23)
    assert next_business_day(date(2026, 11, 25), POLICY) == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        pytest.param(datetime(2026, 11, 24, 13, 0, tzinfo=UTC), True, id="8:00 sharp in winter"),
        pytest.param(datetime(2026, 11, 24, 12, 59, 59, tzinfo=UTC), False, id="one second before"),
        pytest.param(datetime(2026, 11, 24, 22, 0, tzinfo=UTC), False, id="17:00 sharp"),
        pytest.param(datetime(2026, 7, 6, 12, 0, tzinfo=UTC), True, id="8:00 in summer"),
        pytest.param(datetime(2026, 11, 26, 15, 0, tzinfo=UTC), False, id="Thanksgiving"),
    ],
)
def test_help_desk_hours(moment: datetime, is_open: bool) -> None:
    """R72: Monday–Friday, 8:00–17:00 programme time, no holidays; across daylight saving."""
    assert help_desk_is_open(moment, POLICY) is is_open
    assert (next_opening(moment, POLICY) is None) is is_open


def test_the_next_opening_skips_weekend_and_holiday() -> None:
    """R74: a ticket on Thanksgiving's eve at night hears of Friday, one on Friday evening of Monday."""
    eve = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
    friday = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)
    opening, after = next_opening(eve, POLICY), next_opening(friday, POLICY)
    assert opening is not None
    assert after is not None
    assert (opening.date(), opening.hour) == (date(2026, 11, 27), 8)
    assert after.date() == date(2026, 11, 30)


def test_a_site_closes_on_days_of_its_own() -> None:
    """A programme's own closing day is no business day."""
    closed = Policy(closing_days=frozenset({date(2026, 11, 24)}))
    assert not is_business_day(date(2026, 11, 24), closed)
