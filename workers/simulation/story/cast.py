"""Who there is: people by role, patients whose names nobody else has, dispensers of all kinds. All made up, from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Literal

from messages.identifiers import dea_is_valid, npi_is_valid
from messages.patient import IdentifyingFacts, NamedPatient
from workers.demo.people import FIRST_NAMES, LAST_NAMES

PHYSICIAN, NURSE, DENTIST = "Physician (MD/DO)", "Nurse Practitioner/Clinical Nurse Specialist", "Dentist"
VETERINARIAN, PHARMACIST = "Veterinarian", "Pharmacist"
LICENSED, UNLICENSED = "Prescriber Delegate – Licensed", "Prescriber Delegate – Unlicensed"
POLICE, EXAMINER, REGISTRY, ADMIN = "State Police", "Medical Examiner", "Medical Marijuana Registry", "Admin"
PRESCRIBING = (PHYSICIAN, NURSE, DENTIST, VETERINARIAN)

_LAST_NAMES = ("velm", "quorv", "tharn", "zephr", "brask", "mordw")
_ENDINGS = ("ingaard", "othwick", "ylander", "umquist")
_FIRST_NAMES = ("Ysolde", "Zebulon", "Peregrine", "Ottoline", "Wilhelmine", "Balthasar")

DispenserKind = Literal["pharmacy", "practitioner", "veterinarian"]


@dataclass(slots=True)
class Person:
    """Somebody who has, wants or had access. ``email`` and ``password`` are the present ones."""

    registration_id: str
    first_name: str
    last_name: str
    email: str
    role: str
    password: str
    dea: str = ""
    npi: str = ""
    csp: str = ""
    license: str = ""
    supervisors: tuple[Person, ...] = ()
    set_day: int = 0
    """R32: the day of the month, mostly before it, on which the password was set."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody whose name, birth date and prescriptions must be nowhere they do not belong."""

    last_name: str
    first_name: str
    born_on: date
    gender: Literal["F", "M"]

    @property
    def named(self) -> NamedPatient:
        """As a portal names one."""
        return NamedPatient(
            facts=IdentifyingFacts(
                last_name=self.last_name, first_name=self.first_name, date_of_birth=self.born_on, gender=self.gender,
                zip="06103",
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dispenser:
    """Who must report, and through whom."""

    dea: str
    name: str
    kind: DispenserKind
    contact: str
    chain: bool = False


@dataclass(slots=True)
class Cast:
    """Everybody. ``newcomers`` makes up one more person when one is needed."""

    chance: random.Random
    patients: list[Patient] = field(default_factory=list)
    dispensers: list[Dispenser] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        for place, (stem, ending) in enumerate((a, b) for a in _LAST_NAMES for b in _ENDINGS):
            born_on = date(
                1931 + self.chance.randrange(40), 1 + self.chance.randrange(12), 1 + self.chance.randrange(28)
            )
            name = f"{stem}{ending}".upper()
            self.patients.append(
                Patient(name, _FIRST_NAMES[place % len(_FIRST_NAMES)].upper(), born_on, "F" if place % 2 else "M")
            )
        kinds: tuple[tuple[DispenserKind, int], ...] = (("pharmacy", 18), ("practitioner", 4), ("veterinarian", 3))
        for kind, number in kinds:
            for place in range(number):
                dea = with_check(f"B{kind[0].upper()}", 100 + 7 * len(self.dispensers))
                contact = f"{kind}{place + 1}@dispensers.example.org"
                is_chain = kind == "pharmacy" and place >= 15
                self.dispensers.append(Dispenser(dea, f"EXAMPLE {kind.upper()} {place + 1}", kind, contact, is_chain))

    def person(self, role: str, *supervisors: Person) -> Person:
        """Make up somebody of a role."""
        number = next(self.numbers)
        first, last = self.chance.choice(FIRST_NAMES), self.chance.choice(LAST_NAMES)
        person = Person(
            f"REG-{number:04}", first, last, f"{first}.{last}.{number}@people.example.org".lower(), role,
            f"Made-up{self.chance.randrange(10**6):06}!", supervisors=supervisors,
        )  # fmt: skip
        if role in PRESCRIBING:
            person.dea, person.csp = with_check("AS", 1000 + 11 * number), f"CSP.{70000 + number}"
            person.npi = with_npi(2000 + number)
        if role in (*PRESCRIBING, PHARMACIST, LICENSED):
            person.license = f"L.{80000 + number}"
        return person


def with_check(prefix: str, stem: int) -> str:
    """The DEA number of that stem whose check digit is right."""
    return _valid(lambda digit: f"{prefix}{stem:06}{digit}", dea_is_valid)


def with_npi(stem: int) -> str:
    """The NPI of that stem whose check digit is right."""
    return _valid(lambda digit: f"1{stem:08}{digit}", npi_is_valid)


def _valid(write: Callable[[int], str], is_valid: Callable[[str], bool]) -> str:
    return next(text for digit in range(10) if is_valid(text := write(digit)))
