"""Who had access before the month begins, and who comes in it, each by a way of his own (R1–R14)."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.simulation.story.cast import (
    ADMIN,
    DENTIST,
    EXAMINER,
    LICENSED,
    NURSE,
    PHARMACIST,
    PHYSICIAN,
    POLICE,
    REGISTRY,
    UNLICENSED,
    VETERINARIAN,
    Cast,
    Person,
)
from workers.simulation.story.joining import Steps
from workers.simulation.story.script import Script

WAVES = (
    (-88, (PHYSICIAN,) * 6 + (NURSE,) * 3 + (PHARMACIST,) * 2),
    (-85, (PHYSICIAN,) * 3 + (DENTIST,) * 2 + (VETERINARIAN,) + (POLICE,) * 2),
    (-83, (LICENSED,) * 4 + (UNLICENSED,) * 2 + (PHARMACIST,) * 2),
    (-76, (NURSE,) * 4 + (LICENSED, UNLICENSED, ADMIN)),
    (-60, (POLICE, EXAMINER, REGISTRY) + (PHARMACIST,) * 2 + (PHYSICIAN,) * 2),
)
"""Days before the month and who joined then: passwords expire from its third day on (R32)."""


@dataclass(slots=True)
class People:
    """Everybody by role, the first to come first."""

    founders: list[Person] = field(default_factory=list)

    def of(self, *roles: str) -> list[Person]:
        """Those of a role, or of several."""
        return [one for one in self.founders if one.role in roles]

    @property
    def prescribers(self) -> list[Person]:
        """All who prescribe to people."""
        return self.of(PHYSICIAN, NURSE, DENTIST)

    @property
    def delegates(self) -> list[Person]:
        """All who act for others."""
        return self.of(LICENSED, UNLICENSED)


def founding(script: Script, cast: Cast) -> People:
    """They all have joined before the month begins."""
    people, steps = People(), Steps(script)
    for day, roles in WAVES:
        wave = []
        for role in roles:
            supervisors = (cast.chance.choice(people.prescribers),) if role in (LICENSED, UNLICENSED) else ()
            wave.append(cast.person(role, *supervisors))
        for role in (POLICE, EXAMINER):
            if listed := [one for one in wave if one.role == role]:
                steps.list_people([*people.of(role), *listed], day, "08:30")
        for one in wave:
            steps.joins_in_a_day(one, day)
        for one in wave:
            if one.role in (POLICE, EXAMINER):
                steps.train(one, day, "11:30")
        people.founders += wave
    return people


def newcomers(script: Script, cast: Cast, people: People) -> list[Person]:
    """Each comes on a day of the month and goes a way of his own; returns those who have access in the end."""
    steps = Steps(script)
    for way in (_stuck, _deficient, _asked, _turned_down, _early_and_late, _refused_forms):
        way(steps, cast)
    found = [*_with_supervisors(steps, cast, people), *_from_agencies(steps, cast, people), *_smooth(steps, cast)]
    for day in range(9, script.days, 3):
        one = cast.person(cast.chance.choice((PHYSICIAN, PHARMACIST, NURSE)))
        steps.joins_in_a_day(one, day)
        found.append(one)
    return found


def _smooth(steps: Steps, cast: Cast) -> list[Person]:
    found = [cast.person(PHARMACIST), cast.person(DENTIST), cast.person(REGISTRY)]
    for day, one in enumerate(found, start=2):
        steps.joins_in_a_day(one, day)
    return found


def _stuck(steps: Steps, cast: Cast) -> None:
    """Never verified; never sent a document; sent one, and the other only after two reminders (R12)."""
    never, without, half = cast.person(PHYSICIAN), cast.person(PHARMACIST), cast.person(NURSE)
    steps.submit(never, 0, "09:15")
    steps.submit(without, 0, "09:15")
    steps.verify(without, 0, "10:15")
    steps.submit(half, 1, "09:15")
    steps.verify(half, 1, "10:15")
    steps.send(half, 1, "11:15", papers=("photo_id",))
    steps.send(half, 16, "11:15", papers=("identity_form",))
    steps.judge(half, 17, "11:15")
    steps.decide(half, 18, "11:15", "approve")


def _deficient(steps: Steps, cast: Cast) -> None:
    """Documents without a signature, and good ones after it (R4, R14)."""
    one = cast.person(PHYSICIAN)
    steps.submit(one, 1, "09:15")
    steps.verify(one, 1, "09:45")
    steps.send(one, 1, "10:15")
    steps.judge(one, 2, "10:15", is_good=False)
    steps.decide(one, 2, "11:15", "approve")  # too early: not ready
    steps.send(one, 3, "10:15", version=2)
    steps.judge(one, 4, "10:15", version=2)
    steps.decide(one, 4, "11:15", "approve")


def _asked(steps: Steps, cast: Cast) -> None:
    """A question that is answered, and one that is not (R6, R12)."""
    answers, silent = cast.person(NURSE), cast.person(PHYSICIAN)
    for one in (answers, silent):
        steps.submit(one, 1, "09:15")
        steps.verify(one, 1, "09:45")
        steps.send(one, 1, "10:15")
        steps.decide(one, 2, "09:15", "want_information")
    steps.answer(answers, 3, "09:15")
    steps.judge(answers, 3, "10:15")
    steps.decide(answers, 3, "11:15", "approve")


def _turned_down(steps: Steps, cast: Cast) -> None:
    """Rejected, and registered anew; withdrawn (R2, R6)."""
    rejected, withdrawn = cast.person(PHARMACIST), cast.person(DENTIST)
    for one in (rejected, withdrawn):
        steps.submit(one, 2, "09:15")
        steps.verify(one, 2, "09:45")
    steps.decide(rejected, 3, "10:15", "reject")
    steps.submit(rejected, 5, "09:15", as_id=f"{rejected.registration_id}-B")
    steps.withdraw(withdrawn, 4, "10:15")
    steps.decide(withdrawn, 5, "10:15", "approve")


def _early_and_late(steps: Steps, cast: Cast) -> None:
    """Documents before the registration; a link used too late, and a new one; a link that nobody mailed (R13)."""
    early, late = cast.person(PHARMACIST), cast.person(PHYSICIAN)
    steps.send(early, 0, "08:45")
    steps.submit(early, 0, "09:15")
    steps.verify(early, 0, "09:45", link="wrong")
    steps.verify(early, 0, "10:15")
    steps.judge(early, 1, "10:15")
    steps.decide(early, 1, "11:15", "approve")
    steps.submit(late, 0, "09:15")
    steps.verify(late, 2, "10:15")
    steps.ask_link(late, 2, "11:15")
    steps.verify(late, 3, "11:15")


def _refused_forms(steps: Steps, cast: Cast) -> None:
    """A field left out, a weak password, an address that is taken (R2, R3, R30)."""
    one = cast.person(PHYSICIAN)
    steps.submit(one, 4, "09:15", lacks="csp_number")
    strong, one.password = one.password, "weak"
    steps.submit(one, 4, "09:45")
    one.password = strong
    steps.submit(one, 4, "10:15")
    steps.submit(one, 4, "10:45", as_id=f"{one.registration_id}-B")


def _with_supervisors(steps: Steps, cast: Cast, people: People) -> list[Person]:
    """Delegates: approved; refused by both; approved by the second (R7)."""
    two = people.prescribers[:2]
    good, refused, second = cast.person(LICENSED, two[0]), cast.person(UNLICENSED, *two), cast.person(UNLICENSED, *two)
    for one in (good, refused, second):
        steps.submit(one, 1, "09:15")
        steps.verify(one, 1, "09:45")
        steps.send(one, 1, "10:15")
        steps.judge(one, 2, "10:15")
    steps.supervise(good, 2, "11:15")
    steps.supervise(refused, 1, "11:15", is_good=False)  # before the evening, which may suspend anybody
    steps.supervise(refused, 1, "11:20", by=two[1], is_good=False)
    steps.supervise(second, 3, "11:15", by=two[1])
    for one, day in ((good, 3), (second, 4), (refused, 4)):
        steps.decide(one, day, "14:15", "approve")
        one.set_day = day
    return [good, second]


def _from_agencies(steps: Steps, cast: Cast, people: People) -> list[Person]:
    """Not listed at first, then listed; the training comes after the approval (R8). An Admin is authorised (R10)."""
    officer, admin = cast.person(POLICE), cast.person(ADMIN)
    for one in (officer, admin):
        steps.submit(one, 1, "09:15")
        steps.verify(one, 1, "09:45")
        steps.decide(one, 1, "11:15", "approve")  # too early
    steps.list_people([*people.of(POLICE), officer], 2, "09:45")
    steps.decide(officer, 2, "10:45", "approve")
    steps.train(officer, 4, "10:45")
    steps.authorise(admin, 2, "10:45")
    steps.decide(admin, 2, "11:45", "approve")
    officer.set_day = admin.set_day = 2
    return [officer, admin]
