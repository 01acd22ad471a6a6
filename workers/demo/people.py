"""Made-up people: they register, give what is asked of them, change passwords, open tickets; two messages nobody can read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from handlers.rules.roles import Role, standard_roles
from handlers.secrets import SealingKey
from messages.account import AccountPasswordSet
from messages.approval import (
    ApprovalAdministratorDecided,
    ApprovalAgencyListReceived,
    ApprovalDocumentJudged,
    ApprovalSupervisorDecided,
    ApprovalTrainingCompleted,
    ListedPerson,
)
from messages.envelope import JSON
from messages.registration import (
    Applicant,
    Consent,
    DocumentName,
    RegistrationDocumentReceived,
    RegistrationEmailVerified,
    RegistrationSubmitted,
)
from messages.ticket import Category, TicketOpened
from notifier.folder import StoredMail
from workers.client import new_message_id
from workers.demo.day import ADMINISTRATOR, Planned, Scene, planned

FIRST_NAMES = tuple(
    "Ada Ben Cleo Dario Edda Femi Gita Hugo Iris Juno Karl Lena Mato Nora Otis Pia Remy Sina Tove Ugo".split()
)
LAST_NAMES = tuple("Alder Birch Cedar Dogwood Elm Fir Gingko Hazel Ironwood Juniper Larch Maple Oak Pine Rowan".split())
PRESCRIBER, DELEGATE, OFFICER = "Physician (MD/DO)", "Prescriber Delegate – Licensed", "State Police"
ROLES = (PRESCRIBER, "Pharmacist", "Nurse Practitioner/Clinical Nurse Specialist", "Dentist", "Physician Assistant")
AGENCY = "Example State Police"
DOCUMENTS: tuple[DocumentName, ...] = ("identity_form", "photo_id")
CATEGORIES: tuple[Category, ...] = ("critical", "high", "medium", "low")
_LINK = re.compile(r"/verify/(?P<registration_id>[\w.-]+)#(?P<secret>[\w-]+)")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who registers."""

    registration_id: str
    first_name: str
    last_name: str
    email: str
    role: Role
    password: str


def people(scene: Scene) -> list[Person]:
    """Make up everybody who registers today: officers first, then a prescriber and others, delegates last."""
    found, last = [], scene.day.registrations - scene.day.delegates
    for number in range(1, scene.day.registrations + 1):
        first_name, last_name = scene.chance.choice(FIRST_NAMES), scene.chance.choice(LAST_NAMES)
        email = f"{first_name}.{last_name}.{number}@clinic.example.org".lower()
        password = f"Made-up{scene.chance.randrange(10**6):06}!"
        role = scene.chance.choice(ROLES)
        if number <= scene.day.officers:
            role = OFFICER
        elif number == scene.day.officers + 1:
            role = PRESCRIBER
        elif number > last:
            role = DELEGATE
        named = standard_roles().named(role)
        found.append(Person(f"REG-{number:04}", first_name, last_name, email, named, password))
    return found


def registration(
    scene: Scene, person: Person, key: SealingKey, *, supervisor: Person | None = None, again_as: str = ""
) -> Planned:
    """Plan a registration; ``again_as`` is another registration for the same address (R2)."""
    message_id = new_message_id()
    message = RegistrationSubmitted(
        registration_id=again_as or person.registration_id,
        email=person.email,
        password=key.seal(person.password, message_id=message_id),
        role=person.role.name,
        applicant=_form(person),
        consent=Consent(terms_version="2026-01", agreed_at=scene.now),
        supervisors=(supervisor.email,) if supervisor is not None else (),
    )
    return planned(message, message_id=message_id)


def _form(person: Person) -> Applicant:
    whole = Applicant(
        first_name=person.first_name, last_name=person.last_name, date_of_birth=date(1980, 1, 31), phone="555-0100",
        employer_name="Example Clinic", employer_address="1 Example Street, Hartford, CT", agency_name=AGENCY,
        badge_number="4711", csp_number="CSP.0012345", dea_number="AB1234563", npi="1234567893",
        license_number="L.0012345",
    )  # fmt: skip
    asked = {"first_name", "last_name", *person.role.fields}
    return Applicant.model_validate({name: value for name, value in whole if name in asked})


def verifications(mails: Iterable[StoredMail], of: Sequence[Person], key: SealingKey) -> list[Planned]:
    """Plan what the portal says when these people open the link that they find in their mail (R13)."""
    links = {found["registration_id"]: found["secret"] for mail in mails if (found := _LINK.search(mail.text))}
    plans = []
    for person in of:
        message_id = new_message_id()
        token = key.seal(links[person.registration_id], message_id=message_id)
        message = RegistrationEmailVerified(registration_id=person.registration_id, token=token)
        plans.append(planned(message, message_id=message_id))
    return plans


def documents(scene: Scene, people: Iterable[Person], *, version: int = 1) -> list[Planned]:
    """Plan the identity documents of everybody who must show some (R4)."""
    return [
        planned(
            RegistrationDocumentReceived(
                registration_id=person.registration_id,
                document_id=f"{document}-{version}",
                document=document,
                media_type="application/pdf",
                size_bytes=48_213,
                sha256=sha256(f"{person.registration_id} {document} {version}".encode()).hexdigest(),
                location=f"registrations/{person.registration_id}/{document}-{version}.pdf",
                received_at=scene.now,
            )
        )
        for person in people
        if person.role.documents
        for document in DOCUMENTS
    ]


def judgements(people: Iterable[Person], *, version: int = 1, is_signed: bool = True) -> list[Planned]:
    """Plan an administrator's look at each document: accepted, or without the notary's signature (R4)."""
    return [
        planned(
            ApprovalDocumentJudged(
                registration_id=person.registration_id,
                document_id=f"{document}-{version}",
                administrator=ADMINISTRATOR,
                verdict="accepted" if is_signed else "deficient",
                deficiencies=() if is_signed else ("signature",),
            )
        )
        for person in people
        if person.role.documents
        for document in DOCUMENTS
    ]


def supervision(delegate: Person, supervisor: Person) -> Planned:
    """Plan a supervisor's approval of a delegate (R7)."""
    return planned(
        ApprovalSupervisorDecided(
            registration_id=delegate.registration_id, supervisor=supervisor.email, decision="approve"
        )
    )


def agency_list(scene: Scene, officers: Iterable[Person]) -> Planned:
    """Plan the list of the agency's highest-ranking official (R8)."""
    persons = tuple(ListedPerson(name=f"{one.first_name} {one.last_name}", email=one.email) for one in officers)
    return planned(
        ApprovalAgencyListReceived(
            agency=AGENCY, official_name="Chris Example", official_title="Commissioner", persons=persons,
            sent_on=scene.local_now.date(), administrator=ADMINISTRATOR,
        )
    )  # fmt: skip


def training(scene: Scene, officer: Person) -> Planned:
    """Plan the training in person, after which access is full (R8)."""
    return planned(
        ApprovalTrainingCompleted(
            registration_id=officer.registration_id, trained_on=scene.local_now.date(), administrator=ADMINISTRATOR
        )
    )


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
