"""Times and dates are kept as text that sorts as they do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from store.contract import as_date, as_moment, as_text

HERE = timezone(timedelta(hours=-5))
MOMENTS = st.floats(min_value=0, max_value=7e9).map(lambda seconds: datetime.fromtimestamp(seconds, HERE))


@given(MOMENTS)
def test_a_moment_comes_back(moment: datetime) -> None:
    """To the microsecond, in UTC, always 27 characters."""
    text = as_text(moment)
    assert len(text) == 27
    assert as_moment(text) == moment
    assert as_moment(text).utcoffset() == timedelta(0)


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_their_texts(one: datetime, other: datetime) -> None:
    """So the database can compare them."""
    assert (one < other) == (as_text(one) < as_text(other))


def test_a_whole_second_has_its_microseconds_too() -> None:
    """The width never changes."""
    assert as_text(datetime(2026, 11, 24, 8, 41, 42, tzinfo=UTC)) == "2026-11-24T08:41:42.000000Z"


@given(st.dates())
def test_a_date_comes_back(day: date) -> None:
    """As it was written."""
    assert as_date(day.isoformat()) == day
