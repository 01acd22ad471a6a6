"""Thresholds that records cross, once more and slowly (R29): each patient's days one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from workers.simulation.model.book import Book
from workers.simulation.model.calendar import DAY, local_day
from workers.simulation.model.patients import Patients
from workers.simulation.said import Line

OPIOIDS: Mapping[str, Fraction] = {
    "00093005801": Fraction(10), "00406051201": Fraction(15, 2), "63481062370": Fraction(30), "99901000300": Fraction(3, 2),
}  # fmt: skip
"""The month's opioids and the morphine milligram equivalents of one unit: tramadol, oxycodone, oxymorphone, codeine."""
BENZODIAZEPINES = ("00228207810", "00591024001")
SCHEDULED = (*OPIOIDS, *BENZODIAZEPINES, "99901000100")
WINDOW, PRESCRIBERS, DISPENSERS, DAILY_MME = timedelta(days=90), 6, 7, 90
TOLD_LATE = timedelta(days=7)

Crossing = tuple[str, str, date, str]
"""The patient, the rule, the day, a prescriber whom it concerns."""


@dataclass(slots=True)
class Alerts:
    """Crossings that stand, and the day on which each was noticed."""

    book: Book
    patients: Patients
    noticed_on: dict[Crossing, date] = field(default_factory=dict)
    told: set[tuple[str, date]] = field(default_factory=set)
    _seen: dict[str, list[Line]] = field(default_factory=dict)

    def notice(self, at: datetime, lines: Iterable[Line]) -> None:
        """What the records say now stands; what they no longer say does not, and is news when they say it again."""
        by_patient: dict[str, list[Line]] = {}
        for line in lines:
            if line.ndc in SCHEDULED:
                by_patient.setdefault(self.patients.of(line.patient), []).append(line)
        for patient in sorted(by_patient.keys() | self._seen.keys()):
            mine = by_patient.get(patient, [])
            if mine != self._seen.get(patient, []):  # nothing else than these records matters
                self._seen[patient] = mine
                self._replace(patient, mine, local_day(at))

    def _replace(self, patient: str, lines: Sequence[Line], today: date) -> None:
        known = {one: on for one, on in self.noticed_on.items() if one[0] == patient}
        now = {
            (patient, rule, day, number)
            for rule, counts in RULES.items()
            for day, numbers in _crossed(lines, counts)
            for number in numbers
        }
        for gone in known.keys() - now:
            del self.noticed_on[gone]
        self.noticed_on |= dict.fromkeys(now - known.keys(), today)

    def digests(self, at: datetime) -> None:
        """R29: one e-mail a prescriber for what was noticed before today, told up to a week late, and once."""
        today = local_day(at)
        for account in self.book.accounts.values():
            days = [
                on
                for (_, _, raised_on, number), on in self.noticed_on.items()
                if number == account.numbers.get("dea") and today - TOLD_LATE <= on < today
                and raised_on >= today - WINDOW
            ]  # fmt: skip
            if account.state == "active" and days and (account.account_id, max(days)) not in self.told:
                self.told.add((account.account_id, max(days)))
                self.book.tell(at, "review.alert_digest", account.email)


def _crossed(
    lines: Sequence[Line], counts: Callable[[Sequence[Line], date], Sequence[Line]]
) -> list[tuple[date, set[str]]]:
    """Each day on which a threshold is reached that was not reached on the eve, and by whose records."""
    found: list[tuple[date, set[str]]] = []
    if not lines:
        return found
    day, was_reached = min(one.filled_on for one in lines), False
    while day <= max(one.filled_on for one in lines):
        counted = counts([one for one in lines if one.filled_on <= day], day)
        if counted and not was_reached:
            found.append((day, {one.prescriber for one in counted}))
        was_reached = bool(counted)
        day += DAY
    return found


def _many_doors(known: Sequence[Line], day: date) -> Sequence[Line]:
    recent = [one for one in known if one.filled_on > day - WINDOW]
    prescribers, dispensers = {one.prescriber for one in recent}, {one.dispenser for one in recent}
    return recent if len(prescribers) >= PRESCRIBERS and len(dispensers) >= DISPENSERS else ()


def _both(known: Sequence[Line], day: date) -> Sequence[Line]:
    current = _current(known, day)
    opioids = [one for one in current if one.ndc in OPIOIDS]
    others = [one for one in current if one.ndc in BENZODIAZEPINES]
    return [*opioids, *others] if opioids and others else ()


def _much(known: Sequence[Line], day: date) -> Sequence[Line]:
    opioids = [one for one in _current(known, day) if one.ndc in OPIOIDS]
    each = [Fraction(one.quantity) * OPIOIDS[one.ndc] / one.days for one in opioids]
    return opioids if sum(each) >= DAILY_MME else ()


def _current(known: Sequence[Line], day: date) -> Sequence[Line]:
    return [one for one in known if one.filled_on <= day < one.filled_on + one.days * DAY]


RULES: Mapping[str, Callable[[Sequence[Line], date], Sequence[Line]]] = {
    "prescribers_and_dispensers": _many_doors, "opioid_with_benzodiazepine": _both, "daily_mme": _much,
}  # fmt: skip
