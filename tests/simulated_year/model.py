"""The rules of R51–R56 once more, as slow and as plain as can be: every day counted anew from the list of all that was said.

Nothing here is shared with the programme's own code. Days are numbers; a patient and a prescriber are names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fill:
    """What one record says now. ``number`` is its identity."""

    number: int
    patient: str
    prescriber: str
    written: int
    filled: int
    days: int
    schedule: str
    of: str = "person"
    """person | animal (raises no duty, R56) | inpatient (of a hospital pharmacy: exempt, R43)"""


@dataclass
class Model:
    """Everything that was said so far: records by number, those voided removed, and the reviews that count."""

    fills: dict[int, Fill] = field(default_factory=dict)
    said_on: dict[int, int] = field(default_factory=dict)
    """The last day on which something was said of a record."""
    reviews: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    """Patient and the prescriber it was made for: the days."""
    same_as: dict[str, str] = field(default_factory=dict)
    """Whom somebody was found to be."""

    def merged(self, patient: str, other: str) -> None:
        """Two were found to be one: whoever is the other is the first from now on."""
        one, gone = self.who(patient), self.who(other)
        if one != gone:
            everybody = {gone, *(name for name, is_now in self.same_as.items() if is_now == gone)}
            self.same_as |= dict.fromkeys(everybody, one)

    def split(self, patient: str, other: str) -> None:
        """The other was somebody else all the same, if the two are held to be one."""
        if self.same_as.get(other) == self.who(patient):
            del self.same_as[other]

    def who(self, patient: str) -> str:
        """Who somebody is, by what is known now."""
        return self.same_as.get(patient, patient)

    def _reviewed(self, patient: str, prescriber: str) -> list[int]:
        """The days on which the prescriber saw the record of whoever the patient is."""
        return [
            day
            for (name, reviewer), days in self.reviews.items()
            if (self.who(name), reviewer) == (self.who(patient), prescriber)
            for day in days
        ]

    def missed(self) -> Counter[str]:
        """R51: for each prescriber the records of more than three days that had no review on the day written or before."""
        found: Counter[str] = Counter()
        for fill in self._scheduled():
            reviewed = [
                day for day in self._reviewed(fill.patient, fill.prescriber) if fill.written - 1 <= day <= fill.written
            ]
            if fill.days > 3 and not reviewed:
                found[fill.prescriber] += 1
        return found

    def digests(self, today: int) -> dict[str, tuple[int, int]]:
        """R55: whom the morning's digest goes to, with how many reviews due soon and how many overdue."""
        due: dict[str, list[int]] = {}
        by_pair: dict[tuple[str, str], list[Fill]] = {}
        for fill in self._scheduled():
            by_pair.setdefault((self.who(fill.patient), fill.prescriber), []).append(fill)
        for (patient, prescriber), fills in by_pair.items():
            for course in _courses(fills):
                day = self._due(course, patient, prescriber)
                if day is not None and today - _last_day(course) - 1 <= 30 and day - today <= 14:
                    due.setdefault(prescriber, []).append(day)
        return {
            prescriber: (sum(day >= today for day in days), sum(day < today for day in days))
            for prescriber, days in due.items()
            if any(_turn(day - today) for day in days)
        }

    def _scheduled(self) -> Iterable[Fill]:
        return [
            fill for fill in self.fills.values() if fill.schedule in ("II", "III", "IV", "V") and fill.of == "person"
        ]

    def _due(self, course: list[Fill], patient: str, prescriber: str) -> int | None:
        began, last = min(fill.filled for fill in course), _last_day(course)
        continuous = len({fill.filled for fill in course}) > 1
        prolonged = last - began + 1 > 90
        if not (continuous or prolonged):
            return None
        first_written = min(fill.written for fill in course if fill.filled == began)
        reviewed = sorted(self._reviewed(patient, prescriber))
        counted_from = began
        if (
            reviewed and reviewed[-1] >= first_written - 1
        ):  # the day before the first prescription was written, or later
            counted_from = reviewed[-1]
        return counted_from + (365 if {fill.schedule for fill in course} == {"V"} else 90)


def _courses(mine: list[Fill]) -> list[list[Fill]]:
    """R54: day by day from the first fill; a course ends on the 31st day without supply and without a new fill."""
    courses: list[list[Fill]] = []
    with_supply = {day for fill in mine for day in range(fill.filled, fill.filled + fill.days)}
    empty = 31
    for day in range(min(fill.filled for fill in mine), max(fill.filled for fill in mine) + 1):
        filled = [fill for fill in mine if fill.filled == day]
        if filled:
            if empty >= 31:
                courses.append([])
            courses[-1] += filled
        empty = 0 if day in with_supply else empty + 1
    return courses


def _last_day(course: list[Fill]) -> int:
    return max(fill.filled + fill.days - 1 for fill in course)


def _turn(left: int) -> bool:
    return left in (14, 7, 1, 0) or (left < 0 and left % 7 == 0)
