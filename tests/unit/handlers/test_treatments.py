"""Courses of treatment and their reviews, counted by hand (R51–R55)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from handlers.rules.policy import Policy
from handlers.rules.reviews import due_on, is_missed, last_review, reminded_on
from handlers.rules.treatments import Supply, treatments_of
from store.treatments import Drug

POLICY = Policy()
FIRST = date(2026, 1, 1)


def supply(day: int, days_supply: int = 30, *, schedule: str = "II", prescriber: str = "AB1234563") -> Supply:
    """A supply filled so many days after the first of January; written on the same day."""
    filled_on = FIRST + timedelta(days=day)
    key = ("AS1234563", f"{day}", filled_on.isoformat(), 0, "30", 0)
    return Supply(key, prescriber, filled_on, filled_on, days_supply, (Drug(schedule),))


def on(day: int) -> date:
    """So many days after the first of January."""
    return FIRST + timedelta(days=day)


@pytest.mark.parametrize(("filled", "courses"), [(59, 1), (60, 1), (61, 2)])
def test_r54_a_gap_of_more_than_30_days_ends_a_treatment(filled: int, courses: int) -> None:
    """30 days' supply from day 0 lasts to day 29; day 60 is the 31st day but one without: it still follows."""
    assert len(treatments_of([supply(0), supply(filled)], POLICY)) == courses


def test_r54_a_longer_supply_covers_a_shorter_one() -> None:
    """The gap counts from the last day that any supply covers, not from the last record's."""
    (one,) = treatments_of([supply(0, 90), supply(10, 5), supply(119)], POLICY)
    assert (one.began_on, one.records, one.supply_ends_on, one.ends_on) == (on(0), 3, on(148), on(179))


def test_r54_each_prescriber_has_a_treatment_of_their_own() -> None:
    """Records of two prescribers do not make one another continuous."""
    found = treatments_of([supply(0), supply(20, prescriber="1234567893"), supply(40)], POLICY)
    assert [(one.prescriber, one.records) for one in found] == [("1234567893", 1), ("AB1234563", 2)]


@pytest.mark.parametrize(
    ("supplies", "continuous", "prolonged"),
    [
        pytest.param([supply(0)], False, False, id="one record"),
        pytest.param([supply(0), supply(30)], True, False, id="one follows another"),
        pytest.param([supply(0, 10), supply(0, 20)], False, False, id="two on one day"),
        pytest.param([supply(0, 90)], False, False, id="90 days"),
        pytest.param([supply(0, 91)], False, True, id="91 days"),
        pytest.param([supply(0), supply(30), supply(60), supply(90, 1)], True, True, id="four"),
    ],
)
def test_r54_continuous_and_prolonged(supplies: list[Supply], continuous: bool, prolonged: bool) -> None:
    """Continuous once a record follows another, prolonged once the supplies span more than 90 days."""
    (one,) = treatments_of(supplies, POLICY)
    assert (one.is_continuous, one.is_prolonged, one.has_duty) == (continuous, prolonged, continuous or prolonged)


@pytest.mark.parametrize(
    ("schedules", "days"), [("II II", 90), ("IV III", 90), ("V V", 365), ("V IV", 90), ("II V", 90)]
)
def test_r52_r53_schedule_v_alone_is_reviewed_once_a_year(schedules: str, days: int) -> None:
    """Any record of Schedule II–IV in the course makes it 90 days."""
    (one,) = treatments_of([supply(n * 200, 190, schedule=name) for n, name in enumerate(schedules.split())], POLICY)
    assert due_on(one, None, POLICY) == on(days)


def test_r55_the_next_review_is_due_after_the_last() -> None:
    """Reviews since the first prescription's window opened count, the last of them; an earlier one was of another treatment."""
    (one,) = treatments_of([supply(0), supply(30), supply(60), supply(90)], POLICY)
    assert last_review(one, [on(-2)], POLICY) is None
    assert last_review(one, [on(-2), on(-1)], POLICY) == on(-1)
    assert last_review(one, [on(-1), on(0), on(40), on(20)], POLICY) == on(40)
    assert due_on(one, on(-1), POLICY) == on(89)
    assert due_on(one, on(40), POLICY) == on(130)
    assert due_on(one, None, POLICY) == on(90)


def test_r54_a_treatment_that_ends_before_raises_no_duty() -> None:
    """Two records of ten days are over, gap and all, long before the first reminder."""
    (one,) = treatments_of([supply(0, 10), supply(10, 10)], POLICY)
    assert one.has_duty
    assert due_on(one, None, POLICY) is None


@pytest.mark.parametrize(
    ("days_left", "turn"),
    [(15, False), (14, True), (13, False), (8, False), (7, True), (2, False), (1, True), (0, True), (-1, False), (-6, False),
     (-7, True), (-8, False), (-14, True), (-70, True)],
)  # fmt: skip
def test_r55_a_review_has_its_turn(days_left: int, turn: bool) -> None:
    """14, 7 and 1 days before, on the day, and weekly while overdue."""
    assert (on(days_left) in reminded_on(on(0), POLICY)) is turn


@pytest.mark.parametrize(
    ("days_supply", "reviewed", "missed"),
    [
        pytest.param(3, [], False, id="72 hours"),
        pytest.param(4, [], True, id="more"),
        pytest.param(4, [0], False, id="on the date written"),
        pytest.param(4, [-1], False, id="the day before"),
        pytest.param(4, [-2, 1], True, id="too early and too late"),
    ],
)
def test_r51_a_review_in_the_window_before(days_supply: int, reviewed: list[int], missed: bool) -> None:
    """More than 72 hours' supply wants a review on the date written or the day before."""
    assert is_missed(supply(0, days_supply), [on(day) for day in reviewed], POLICY) is missed


def test_r54_the_order_of_records_does_not_matter() -> None:
    """The same records in any order make the same courses."""
    supplies = [supply(day, days) for day, days in ((0, 10), (15, 30), (100, 30), (120, 5), (300, 90))]
    assert treatments_of(supplies, POLICY) == treatments_of(supplies[::-1], POLICY)
