"""The people of the stories, all made up, and how one comes to an account when that is not what the story is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from handlers.rules.roles import standard_roles
from messages.answer import Answer
from messages.approval import ApprovalAdministratorDecided, ApprovalDocumentJudged
from messages.registration import (
    Applicant,
    Consent,
    RegistrationDocumentReceived,
    RegistrationEmailVerified,
    RegistrationSubmitted,
)
from tests.stories.place import Place
from tests.stories.portal import Secret

ADMINISTRATOR = "administrators@example.org"
DOCUMENTS = ("identity_form", "photo_id")


@dataclass(frozen=True, slots=True)
class Person:
    """Who applies. ``name`` is also the portal's id of the registration, and of the account later."""

    name: str
    last_name: str
    role: str
    dea: str = "AB1234563"
    npi: str = "1234567893"
    agency: str = "State Police Example Troop"
    password: str = "Springtime-2026!"

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@example.org"

    @property
    def form(self) -> Applicant:
        """What the role asks for, and no more (R3)."""
        whole: dict[str, Any] = {
            "date_of_birth": date(1980, 1, 31), "phone": "555-0100", "employer_name": "Example Clinic",
            "employer_address": "1 Example Street, Hartford, CT", "agency_name": self.agency, "badge_number": "4711",
            "csp_number": f"CSP.{self.name}", "dea_number": self.dea, "npi": self.npi, "license_number": f"L.{self.name}",
        }  # fmt: skip
        asked = standard_roles().named(self.role).fields
        return Applicant(
            first_name=self.name, last_name=self.last_name, **{name: whole[name] for name in asked if name in whole}
        )


async def submits(place: Place, person: Person, *, supervisors: Sequence[str] = ()) -> None:
    """The form is handed in."""
    await place.portal.does(
        RegistrationSubmitted, registration_id=person.name, email=person.email, password=Secret(person.password),
        role=person.role, applicant=person.form, consent=Consent(terms_version="2026-01", agreed_at=place.clock()),
        supervisors=tuple(supervisors),
    )  # fmt: skip


async def registers(place: Place, person: Person, *, supervisors: Sequence[str] = ()) -> None:
    """The form is handed in and the link in the mailbox followed."""
    await submits(place, person, supervisors=supervisors)
    received, verification = await place.reads(person.email)
    assert "received" in received.subject
    registration_id, token = verification.link
    await place.portal.does(RegistrationEmailVerified, registration_id=registration_id, token=Secret(token))


async def shows(place: Place, person: Person, document: str, *, version: int = 1) -> None:
    """A document stands where the portal keeps them."""
    name = f"{document}-{version}"
    await place.portal.does(
        RegistrationDocumentReceived, registration_id=person.name, document_id=name, document=document,
        media_type="application/pdf", size_bytes=48_213, sha256=sha256(f"{person.name} {name}".encode()).hexdigest(),
        location=f"registrations/{person.name}/{name}.pdf", received_at=place.clock(),
    )  # fmt: skip


async def is_judged(place: Place, person: Person, document: str, *lacks: str, version: int = 1) -> None:
    """An administrator looked at a document: it is accepted unless it lacks something."""
    await place.portal.does(
        ApprovalDocumentJudged, registration_id=person.name, document_id=f"{document}-{version}",
        administrator=ADMINISTRATOR, verdict="deficient" if lacks else "accepted", deficiencies=tuple(lacks),
    )  # fmt: skip


async def approves(place: Place, person: Person) -> Answer:
    """An administrator approves, or is told why not."""
    return await place.portal.ask(
        ApprovalAdministratorDecided, registration_id=person.name, decision="approve", administrator=ADMINISTRATOR
    )


async def joins(place: Place, person: Person) -> None:
    """The person has an account, and has read what was written on the way."""
    await registers(place, person)
    if standard_roles().named(person.role).documents:
        for document in DOCUMENTS:
            await shows(place, person, document)
            await is_judged(place, person, document)
    assert (await approves(place, person)).status == "accepted"
    assert "approved" in (await place.reads(person.email))[-1].subject
