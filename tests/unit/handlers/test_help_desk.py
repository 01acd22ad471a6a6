"""The help desk's clock agrees with a minute-by-minute count, across holidays, weekends and both changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from handlers.rules.calendar import help_desk_is_open
from handlers.rules.help_desk import add_open_time, promise
from handlers.rules.policy import Policy
from handlers.rules.targets import ResolutionTargets, ResponseTargets
from messages.ticket import Category
from store.ticket_targets import What

CONNECTICUT = Policy()
CAIRO = Policy(time_zone="Africa/Cairo", help_desk_opens=time(0))
"""Clocks go forward there at midnight on a Friday (April 24, 2026): inside these help-desk hours."""
MINUTE = timedelta(minutes=1)

ANCHORS = (
    datetime(2026, 3, 8, 12, 0, tzinfo=UTC),  # clocks go forward
    datetime(2026, 11, 1, 12, 0, tzinfo=UTC),  # and back
    datetime(2026, 11, 26, 12, 0, tzinfo=UTC),  # Thanksgiving
    datetime(2026, 12, 25, 12, 0, tzinfo=UTC),
    datetime(2027, 1, 1, 3, 0, tzinfo=UTC),
    datetime(2026, 4, 3, 12, 0, tzinfo=UTC),  # Good Friday, a holiday in Connecticut
    datetime(2026, 4, 24, 6, 0, tzinfo=UTC),  # clocks go forward in Cairo
)
_minutes = st.integers(-4 * 1440, 4 * 1440).map(lambda number: number * MINUTE)
_moments = st.builds(lambda anchor, shift: anchor + shift, st.sampled_from(ANCHORS), _minutes)
_policies = st.sampled_from([CONNECTICUT, CAIRO])


def _counted(start: datetime, end: datetime, policy: Policy) -> timedelta:
    """Minute by minute: how many of them begin while the help desk is open."""
    minutes = int((end - start) / MINUTE)
    return sum(help_desk_is_open(start + number * MINUTE, policy) for number in range(minutes)) * MINUTE


@given(_policies, _moments, st.integers(1, 1200))
@example(CONNECTICUT, datetime(2026, 3, 6, 20, 0, tzinfo=UTC), 600)
@example(CONNECTICUT, datetime(2026, 10, 30, 20, 0, tzinfo=UTC), 600)
@example(CAIRO, datetime(2026, 4, 23, 12, 0, tzinfo=UTC), 1200)
@settings(max_examples=30)
def test_r72_a_span_ends_at_the_first_minute_that_fills_it(policy: Policy, start: datetime, minutes: int) -> None:
    """Counted minute by minute it is as long as was asked for, and one minute earlier it is not yet full (R71)."""
    end = add_open_time(start, minutes * MINUTE, policy)
    assert _counted(start, end, policy) == minutes * MINUTE
    assert _counted(start, end - MINUTE, policy) == (minutes - 1) * MINUTE


@given(_policies, _moments, st.integers(0, 3_000_000), st.integers(0, 3_000_000))
@settings(max_examples=100)
def test_r71_two_spans_in_a_row_are_one(policy: Policy, start: datetime, first: int, second: int) -> None:
    """Seconds count too, and over weeks: stopping in between changes nothing."""
    one, two = timedelta(seconds=first), timedelta(seconds=second)
    between = add_open_time(start, one, policy)
    assert add_open_time(between, two, policy) == add_open_time(start, one + two, policy)


def test_a_span_of_nothing_ends_where_it_begins() -> None:
    """Also while the help desk is closed."""
    night = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
    assert add_open_time(night, timedelta(0), CONNECTICUT) == night


MONDAY_15 = datetime(2026, 6, 15, 19, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 6, 13, 16, 0, tzinfo=UTC)
EVE_1730 = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)  # the evening before Thanksgiving


@pytest.mark.parametrize(
    ("category", "what", "since", "due"),
    [
        ("critical", "response", SATURDAY, "2026-06-13 12:30"),
        ("critical", "resolution", EVE_1730, "2026-11-25 21:30"),
        ("high", "response", MONDAY_15, "2026-06-15 17:00"),
        ("high", "response", EVE_1730, "2026-11-27 10:00"),
        ("high", "resolution", MONDAY_15, "2026-06-17 15:00"),
        ("high", "resolution", SATURDAY, "2026-06-16 17:00"),
        ("medium", "response", EVE_1730, "2026-11-27 17:00"),
        ("medium", "resolution", MONDAY_15, "2026-06-30 15:00"),  # June 19 is a holiday
        ("low", "response", SATURDAY, "2026-06-16 17:00"),
        ("low", "resolution", EVE_1730, "2027-01-11 17:00"),
    ],
)
def test_r71_targets_per_category(category: Category, what: What, since: datetime, due: str) -> None:
    """Critical runs around the clock, the others in help-desk hours; a business day is nine of them."""
    due_at = promise(what, category, since, CONNECTICUT).due_at
    assert due_at.astimezone(CONNECTICUT.zone).strftime("%Y-%m-%d %H:%M") == due


def test_r74_the_warning_comes_at_80_percent() -> None:
    """Of the open time, not of the time on the wall."""
    made = promise("response", "medium", EVE_1730, CONNECTICUT)
    assert _counted(EVE_1730, made.warn_at, CONNECTICUT) == timedelta(hours=9) * 0.8
    assert promise("response", "critical", SATURDAY, CONNECTICUT).warn_at == SATURDAY + timedelta(minutes=24)


def test_r71_targets_are_settings() -> None:
    """Each by itself; a span that is none is refused."""
    policy = Policy(
        ticket_response=ResponseTargets(high="1 hour"), ticket_resolution=ResolutionTargets(low="1 business day")
    )
    assert promise("response", "high", MONDAY_15, policy).due_at == MONDAY_15 + timedelta(hours=1)
    assert promise("resolution", "low", MONDAY_15, policy).due_at == MONDAY_15 + timedelta(days=1)
    with pytest.raises(ValidationError):
        ResponseTargets(high="soon")
    with pytest.raises(ValidationError):
        Policy(help_desk_opens=time(17), help_desk_closes=time(17))
