"""Made-up people: they register, are decided on, change passwords, open tickets; two messages nobody can read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from handlers.secrets import SealingKey
from messages.account import AccountPasswordSet
from messages.approval import ApprovalAdministratorDecided
from messages.envelope import JSON
from messages.registration import Applicant, Consent, RegistrationSubmitted
from messages.ticket import Category, TicketOpened
from workers.client import new_message_id
from workers.demo.day import Planned, Scene, planned

FIRST_NAMES = tuple(
    "Ada Ben Cleo Dario Edda Femi Gita Hugo Iris Juno Karl Lena Mato Nora Otis Pia Remy Sina Tove Ugo".split()
)
LAST_NAMES = tuple("Alder Birch Cedar Dogwood Elm Fir Gingko Hazel Ironwood Juniper Larch Maple Oak Pine Rowan".split())
ROLES = ("Physician", "Pharmacist", "Nurse Practitioner", "Dentist", "Physician Assistant")
ADMINISTRATOR = "administrator@pmp.example.org"
CATEGORIES: tuple[Category, ...] = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who registers."""

    registration_id: str
    first_name: str
    last_name: str
    email: str
    role: str
    password: str


def people(scene: Scene) -> list[Person]:
    """Make up everybody who registers today."""
    found = []
    for number in range(1, scene.day.registrations + 1):
        first, last = scene.chance.choice(FIRST_NAMES), scene.chance.choice(LAST_NAMES)
        email = f"{first}.{last}.{number}@clinic.example.org".lower()
        password = f"Made-up{scene.chance.randrange(10**6):06}!"
        found.append(Person(f"REG-{number:04}", first, last, email, scene.chance.choice(ROLES), password))
    return found


def registration(scene: Scene, person: Person, key: SealingKey, *, again_as: str = "") -> Planned:
    """Plan a registration; ``again_as`` is another registration for the same address (R2)."""
    message_id = new_message_id()
    message = RegistrationSubmitted(
        registration_id=again_as or person.registration_id,
        email=person.email,
        password=key.seal(person.password, message_id=message_id),
        role=person.role,
        applicant=Applicant(first_name=person.first_name, last_name=person.last_name),
        consent=Consent(terms_version="2026-01", agreed_at=scene.now),
    )
    return planned(message, message_id=message_id)


def decision(registration_id: str, *, is_approved: bool = True) -> Planned:
    """Plan an administrator's decision (R6)."""
    return planned(
        ApprovalAdministratorDecided(
            registration_id=registration_id,
            decision="approve" if is_approved else "reject",
            administrator=ADMINISTRATOR,
            reason=None if is_approved else "The licence number could not be verified.",
        )
    )


def password_changes(scene: Scene, approved: list[Person], key: SealingKey) -> list[Planned]:
    """Plan new passwords; the first is the present one (R31), the second was set long before the present one."""
    found = []
    for number, person in enumerate(approved[: scene.day.password_changes]):
        message_id = new_message_id()
        password = person.password if number == 0 else f"Renewed-{scene.chance.randrange(10**6):06}!"
        set_at = scene.now - timedelta(days=85) if number == 1 else scene.now
        sealed = key.seal(password, message_id=message_id)
        message = AccountPasswordSet(account_id=person.registration_id, password=sealed, set_at=set_at)
        found.append(planned(message, message_id=message_id))
    return found


def tickets(scene: Scene, everybody: list[Person]) -> list[Planned]:
    """Plan tickets for the help desk (R70)."""
    found = []
    for number in range(1, scene.day.tickets + 1):
        person = scene.chance.choice(everybody)
        message = TicketOpened(
            ticket_id=f"T-{number:04}",
            category=scene.chance.choice(CATEGORIES),
            requester_name=f"{person.first_name} {person.last_name}",
            requester_email=person.email,
            subject="The search shows no result",
            description="The page stays empty after I press Search.",
        )
        found.append(planned(message))
    return found


def unreadable() -> list[Planned]:
    """Plan what a broken sender publishes: no JSON, and a kind that nobody here speaks."""
    return [
        Planned("ticket.opened", b"\x00 this is no JSON {", JSON),
        Planned("billing.invoice_sent", b'{"invoice": "1"}', JSON),
    ]
