"""By when a dispensing must be reported, across Connecticut's holidays, weekends and changes of the clock (R40–R42)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.rules.calendar import is_business_day
from handlers.rules.deadlines import (
    DispenserKind,
    Period,
    business_days_overdue,
    cover_due_on,
    covered_with,
    due_on,
    overdue_cover,
)
from handlers.rules.policy import Policy

POLICY = Policy()
DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
KINDS: st.SearchStrategy[DispenserKind] = st.sampled_from(["pharmacy", "practitioner", "veterinarian"])


@pytest.mark.parametrize(
    ("dispensed", "due"),
    [
        ("2026-06-12", "2026-06-15"),  # Friday: Monday
        ("2026-06-13", "2026-06-15"),  # Saturday
        ("2026-04-02", "2026-04-06"),  # the day before Good Friday
        ("2026-02-11", "2026-02-13"),  # the day before Lincoln's Birthday
        ("2026-07-02", "2026-07-06"),  # Independence Day is on a Saturday, observed on Friday
        ("2026-12-24", "2026-12-28"),  # before Christmas on a Friday
        ("2026-11-25", "2026-11-27"),  # before Thanksgiving
        ("2026-03-07", "2026-03-09"),  # the clock goes forward between
        ("2026-10-30", "2026-11-02"),  # the clock goes back between
    ],
)
def test_r40_the_next_business_day(dispensed: str, due: str) -> None:
    """Weekends and state holidays put the deadline off."""
    for kind in ("pharmacy", "practitioner"):
        assert due_on(kind, date.fromisoformat(dispensed), POLICY).isoformat() == due


@given(DAYS)
@settings(max_examples=300)
def test_r40_the_deadline_is_the_first_business_day_after(dispensed_on: date) -> None:
    """No business day lies between, and it is one itself."""
    due = due_on("pharmacy", dispensed_on, POLICY)
    assert due > dispensed_on
    assert is_business_day(due, POLICY)
    between = (dispensed_on + timedelta(days=n) for n in range(1, (due - dispensed_on).days))
    assert not any(is_business_day(day, POLICY) for day in between)
    assert (due - dispensed_on).days <= 5


@given(DAYS)
@settings(max_examples=100)
def test_r41_exactly_seven_days_after_is_in_time(day: date) -> None:
    """Also over holidays and changes of the clock: seven calendar days."""
    assert due_on("veterinarian", day, POLICY) == cover_due_on("veterinarian", day, POLICY) == day + timedelta(days=7)


@given(DAYS, KINDS)
@settings(max_examples=300)
def test_r42_the_overdue_cover_is_the_last_that_missed_its_deadline(today: date, kind: DispenserKind) -> None:
    """Reported up to that day it is overdue, up to the next one it is not."""
    cover = overdue_cover(kind, today, POLICY)
    assert cover_due_on(kind, cover, POLICY) < today
    assert cover_due_on(kind, cover + timedelta(days=1), POLICY) >= today


@given(DAYS, st.integers(1, 40))
@settings(max_examples=200)
def test_r42_business_days_are_counted_from_the_day_after(due: date, later: int) -> None:
    """One more on each business day, none more on any other."""
    today = due + timedelta(days=later)
    before = business_days_overdue(due, today - timedelta(days=1), POLICY)
    assert business_days_overdue(due, today, POLICY) - before == is_business_day(today, POLICY)


def june(day: int) -> date:
    """A day of June 2026: the 1st, 8th and 15th are Mondays, Friday the 19th is Juneteenth."""
    return date(2026, 6, day)


@pytest.mark.parametrize(
    ("kind", "covered_to", "periods", "reached"),
    [
        ("pharmacy", 9, [], 9),
        ("pharmacy", 9, [(10, 11)], 11),
        ("pharmacy", 9, [(11, 12)], 9),  # Wednesday is left out
        ("pharmacy", 9, [(11, 12), (15, 15), (10, 10)], 15),  # it is covered, whatever came first
        ("pharmacy", 9, [(1, 30)], 30),
        ("pharmacy", 9, [(1, 5), (8, 9)], 9),
        ("pharmacy", 9, [(10, 16), (11, 12), (17, 17)], 17),
        ("pharmacy", 12, [(15, 15)], 15),  # a weekend is no gap
        ("pharmacy", 12, [(14, 14)], 14),
        ("pharmacy", 12, [(16, 16)], 12),
        ("practitioner", 18, [(22, 22)], 22),  # nor is a holiday before it
        ("practitioner", 18, [(23, 23)], 18),
        ("veterinarian", 9, [(16, 20)], 20),  # its week is over on the 16th
        ("veterinarian", 9, [(17, 20)], 9),
    ],
)
def test_r42_a_period_covers_its_own_days_and_none_before(
    kind: DispenserKind, covered_to: int, periods: list[tuple[int, int]], reached: int
) -> None:
    """What lies behind a gap counts once the gap is closed."""
    given = [(june(begins), june(ends)) for begins, ends in periods]
    assert covered_with(kind, june(covered_to), given, POLICY) == june(reached)


SPANS = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5)), max_size=8)


@given(st.integers(1, 20), SPANS)
@settings(max_examples=300)
def test_r42_the_first_day_left_out_is_covered_by_nothing(covered_to: int, spans: list[tuple[int, int]]) -> None:
    """Every business day before it is covered; and nothing that is covered follows it across closed days alone."""
    periods = [(june(begins), june(begins) + timedelta(days=longer)) for begins, longer in spans]
    reached = covered_with("pharmacy", june(covered_to), periods, POLICY)
    covered = {begins + timedelta(days=n) for begins, ends in periods for n in range((ends - begins).days + 1)}
    before = {june(covered_to) + timedelta(days=n + 1) for n in range((reached - june(covered_to)).days)}
    assert {day for day in before if is_business_day(day, POLICY)} <= covered
    day = reached + timedelta(days=1)
    while day not in covered and not is_business_day(day, POLICY):
        day += timedelta(days=1)
    assert day not in covered


@pytest.mark.parametrize(
    ("exempt", "days"), [([], 5), ([(15, 16)], 3), ([(13, 14)], 5), ([(1, 30)], 0), ([(15, 15), (15, 17)], 2)]
)
def test_r43_days_of_an_exemption_do_not_count(exempt: list[tuple[int, int]], days: int) -> None:
    """From Friday the 12th to Monday the 22nd there are five business days."""
    given: list[Period] = [(june(begins), june(ends)) for begins, ends in exempt]
    assert business_days_overdue(june(12), june(22), POLICY, given) == days


def test_r40_a_day_is_the_programmes_day() -> None:
    """23:59:59 in Hartford is in time although it is the next day in UTC, in summer and in winter."""
    zone = ZoneInfo("America/New_York")
    for due in (date(2026, 6, 15), date(2026, 12, 14)):
        last = datetime(due.year, due.month, due.day, 23, 59, 59, tzinfo=zone)
        assert POLICY.local_date(last.astimezone(ZoneInfo("UTC"))) == due
        assert POLICY.local_date(last + timedelta(seconds=1)) == due + timedelta(days=1)
