"""A year of a small state, told by a seed: who fills what when, what comes late, is revised or voided, who reviews whom."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from tests.simulated_year.model import Fill

DAYS = 365


@dataclass(frozen=True)
class Said:
    """One thing that is said on a day."""

    what: str
    """new | revise | void | review | delegated | unlinked (a delegate of another prescriber's: is refused) | merged | split |
    told_apart | rejoined"""
    fill: Fill
    day: int = 0
    other: str = ""
    """Who is merged with the fill's patient, split off, told apart or joined again."""


@dataclass
class Story:
    """What is said on each day. Some patients see two prescribers; treatments run, pause, end, and change schedule.

    Some fills are for a patient's animal, or exempt; some patients are found to be one, and some namesakes to be two.
    """

    patients: int
    prescribers: int
    seed: int
    days: list[list[Said]] = field(default_factory=lambda: [[] for _ in range(DAYS)])
    held_back: dict[int, int] = field(default_factory=dict)
    """Some days' files arrive only so many days after they were made: what was said meanwhile is newer (R49)."""

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        number = 0
        self.held_back = {day: chance.randrange(1, 30) for day in range(DAYS) if chance.random() < 0.15}
        for patient in range(self.patients):
            for prescriber in chance.sample(range(self.prescribers), chance.choice((1, 1, 1, 2))):
                number = self._course(chance, f"P{patient}", f"D{prescriber}", number)
        for _ in range(self.patients // 5):
            self._merge(chance)
        for one, other in self.namesakes.items():
            self._tell_apart(chance, one, other)

    @property
    def namesakes(self) -> dict[str, str]:
        """Two persons of equal name, birth date and sex: the one, and the other, who has another ZIP code."""
        return {f"P{number}": f"P{number + 1}" for number in range(0, self.patients - 1, 10)}

    def _course(self, chance: random.Random, patient: str, prescriber: str, number: int) -> int:
        schedule = chance.choice(("II", "II", "III", "IV", "V", "V", "other"))
        day, left = chance.randrange(DAYS // 2), chance.choice((1, 1, 2, 6, 12, 12))
        while left and day < DAYS:
            days = chance.choice((2, 3, 4, 7, 10, 28, 30, 30, 30, 60, 90, 91))
            of = chance.choice(("person",) * 18 + ("animal", "inpatient"))
            fill = Fill(number, patient, prescriber, day - chance.choice((0, 0, 0, 1, 3)), day, days, schedule, of)
            number += 1
            self._tell(chance, fill)
            self._review(chance, fill)
            day += days + chance.choice((-3, 0, 0, 0, 1, 5, 20, 30, 31, 45))
            left -= 1
            if chance.random() < 0.05:
                schedule = chance.choice(("II", "V"))
        return number

    def _tell(self, chance: random.Random, fill: Fill) -> None:
        """Most records come on the day after; some weeks late; some are revised, some voided, some of these sent anew."""
        day = fill.filled + (chance.randrange(2, 60) if chance.random() < 0.1 else 1)
        self._say(day, Said("new", fill))
        if chance.random() < 0.08:
            day += chance.randrange(40)
            fill = replace(fill, days=chance.choice((3, 10, 30)), prescriber=chance.choice((fill.prescriber, "D0")))
            self._say(day, Said("revise", fill))
        if chance.random() < 0.08:
            day += chance.randrange(40)
            self._say(day, Said("void", fill))
            if chance.random() < 0.3:
                self._say(day + chance.randrange(10), Said("new", fill))

    def _review(self, chance: random.Random, fill: Fill) -> None:
        """Some review before they write, some in the course, some through a delegate, some are told of later."""
        if chance.random() < 0.6:
            made = fill.written - chance.choice((0, 0, 1, 1, 2)) + chance.choice((0, 0, 0, 30))
            what = chance.choice(("review", "review", "delegated", "unlinked"))
            self._say(max(made, 0) + chance.choice((0, 0, 0, 9)), Said(what, fill, made))

    def _merge(self, chance: random.Random) -> None:
        """Two are found to be one person; of some it turns out later that they are not."""
        namesakes = {*self.namesakes, *self.namesakes.values()}
        others = [name for name in (f"P{number}" for number in range(self.patients)) if name not in namesakes]
        if len(others) < 2:
            return
        one, other = chance.sample(others, 2)
        fill, day = Fill(0, one, "", 0, 0, 0, ""), chance.randrange(DAYS)
        self._say(day, Said("merged", fill, other=other))
        if chance.random() < 0.5:
            self._say(day + chance.randrange(1, 90), Said("split", fill, other=other))

    def _tell_apart(self, chance: random.Random, one: str, other: str) -> None:
        """Somebody finds two persons under one name; some find later that it was one who had moved."""
        fill, day = Fill(0, one, "", 0, 0, 0, ""), chance.randrange(DAYS)
        self._say(day, Said("told_apart", fill, other=other))
        if chance.random() < 0.5:
            self._say(day + chance.randrange(1, 90), Said("rejoined", fill, other=other))

    def _say(self, day: int, said: Said) -> None:
        if 0 <= day < DAYS:
            self.days[day].append(said)
