"""Courses of treatment (R54): pure, from a patient's records alone, so that counting them again gives the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from handlers.rules.policy import Policy
from store.treatments import Drug, RecordKey

SCHEDULES: Final = frozenset({"II", "III", "IV", "V"})
"""The schedules that raise duties (R51, R53)."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Supply:
    """One dispensed supply of a scheduled drug to a person. ``key`` is the record's identity (R48)."""

    key: RecordKey
    prescriber: str
    written_on: date
    filled_on: date
    days_supply: int
    drugs: tuple[Drug, ...]
    """The scheduled drug, of a compound each scheduled ingredient."""

    @property
    def schedule(self) -> str:
        """The strictest schedule of what is in it."""
        return min(drug.schedule for drug in self.drugs)  # II, III, IV, V: as texts, too, the strictest is the least

    def holds(self, drug_class: str) -> bool:
        """Tell whether anything in it is of this class."""
        return any(drug.drug_class == drug_class for drug in self.drugs)

    @property
    def ends_on(self) -> date:
        """The last day that the supply covers."""
        return self.filled_on + DAY * max(self.days_supply - 1, 0)

    def covers(self, day: date) -> bool:
        """Tell whether the patient has of it on this day."""
        return self.filled_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class Treatment:
    """One course of one prescriber for one patient.

    ``prescribed_on`` is the date written of what began it, ``supply_ends_on`` the last day covered, ``ends_on`` the last day on
    which a further record would continue it; its duty ends with that day. Continuous: one record has followed another.
    Prolonged: its supplies span more than 90 days.
    """

    prescriber: str
    prescribed_on: date
    began_on: date
    supply_ends_on: date
    ends_on: date
    records: int
    last_schedule: str
    is_schedule_v_only: bool
    is_continuous: bool
    is_prolonged: bool

    @property
    def has_duty(self) -> bool:
        """Whether it must be reviewed (R52, R53)."""
        return self.is_continuous or self.is_prolonged


def treatments_of(supplies: Iterable[Supply], policy: Policy) -> list[Treatment]:
    """Return every course in a patient's supplies, by prescriber and beginning (R54)."""
    in_order = sorted(supplies, key=lambda one: (one.prescriber, one.filled_on, one.key))
    return [
        _treatment(prescriber, course, policy)
        for prescriber, group in groupby(in_order, key=lambda one: one.prescriber)
        for course in _courses(group, policy)
    ]


def _courses(in_order: Iterable[Supply], policy: Policy) -> Iterator[Sequence[Supply]]:
    course: list[Supply] = []
    covered_to = date.min
    for supply in in_order:
        if course and (supply.filled_on - covered_to).days - 1 > policy.treatment_gap_days:
            yield course
            course, covered_to = [], date.min
        course.append(supply)
        covered_to = max(covered_to, supply.ends_on)
    if course:
        yield course


def _treatment(prescriber: str, course: Sequence[Supply], policy: Policy) -> Treatment:
    began_on, last = course[0].filled_on, course[-1]
    supply_ends_on = max(supply.ends_on for supply in course)
    return Treatment(
        prescriber,
        min(supply.written_on for supply in course if supply.filled_on == began_on),
        began_on,
        supply_ends_on,
        supply_ends_on + DAY * (policy.treatment_gap_days + 1),
        len(course),
        last.schedule,
        all(supply.schedule == "V" for supply in course),
        last.filled_on > began_on,
        (supply_ends_on - began_on).days + 1 > policy.treatment_prolonged_days,
    )
