"""How people join in the script: each step of a registration as one function, and the ways a registration may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from messages.approval import (
    ApprovalAdminAuthorised,
    ApprovalAdministratorDecided,
    ApprovalAgencyListReceived,
    ApprovalDocumentJudged,
    ApprovalSupervisorDecided,
    ApprovalTrainingCompleted,
    ListedPerson,
)
from messages.registration import (
    Applicant,
    Consent,
    DocumentName,
    RegistrationDocumentReceived,
    RegistrationEmailVerified,
    RegistrationInformationSupplied,
    RegistrationSubmitted,
    RegistrationVerificationRequested,
    RegistrationWithdrawn,
)
from workers.simulation.said import Link
from workers.simulation.story.cast import ADMIN, EXAMINER, LICENSED, POLICE, REGISTRY, UNLICENSED, Person
from workers.simulation.story.script import CHIEF, MANAGER, SEALED, Script, moment, on

AGENCIES = {POLICE: "Example State Police", EXAMINER: "Example Medical Examiner", REGISTRY: "Example Registry"}
PAPERS: tuple[DocumentName, ...] = ("identity_form", "photo_id")
NO_PAPERS = (POLICE, EXAMINER, REGISTRY, ADMIN)


def form(person: Person) -> Applicant:
    """The form of a role, filled in."""
    is_agency = person.role in AGENCIES
    return Applicant(
        first_name=person.first_name,
        last_name=person.last_name,
        phone="555-0100",
        date_of_birth=None if is_agency or person.role == ADMIN else date(1985, 5, 17),
        employer_name=None if is_agency else "Example Clinic",
        employer_address=None if is_agency else "1 Example Street, Hartford, CT",
        agency_name=AGENCIES.get(person.role),
        badge_number="4711" if person.role == POLICE else None,
        csp_number=person.csp or None,
        dea_number=person.dea or None,
        npi=person.npi or None,
        license_number=person.license or None,
    )


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps, each said at an hour of a day."""

    script: Script

    def submit(self, person: Person, day: int, hour: str, *, as_id: str = "", lacks: str = "") -> None:
        """Asks for access; ``lacks`` leaves a field of the form empty."""
        applicant = form(person).model_copy(update={lacks: None} if lacks else {})
        message = RegistrationSubmitted(
            registration_id=as_id or person.registration_id, email=person.email, password=SEALED, role=person.role,
            applicant=applicant, consent=Consent(terms_version="2025-01", agreed_at=moment(day, hour)),
            supervisors=tuple(one.email for one in person.supervisors),
        )  # fmt: skip
        self.script.say(day, hour, message, password=person.password)

    def verify(self, person: Person, day: int, hour: str, *, link: Link = "newest") -> None:
        """Opens the link."""
        message = RegistrationEmailVerified(registration_id=person.registration_id, token=SEALED)
        self.script.say(day, hour, message, link=link, link_of=person.registration_id)

    def ask_link(self, person: Person, day: int, hour: str) -> None:
        """Wants a new link."""
        self.script.say(day, hour, RegistrationVerificationRequested(registration_id=person.registration_id))

    def send(
        self, person: Person, day: int, hour: str, *, papers: Sequence[DocumentName] = PAPERS, version: int = 1
    ) -> None:
        """Sends documents."""
        for paper in papers if person.role not in NO_PAPERS else ():
            message = RegistrationDocumentReceived(
                registration_id=person.registration_id, document_id=f"{paper}-{version}", document=paper,
                media_type="application/pdf", size_bytes=48_213,
                sha256=sha256(f"{person.registration_id} {paper} {version}".encode()).hexdigest(),
                location=f"registrations/{person.registration_id}/{paper}-{version}.pdf", received_at=moment(day, hour),
            )  # fmt: skip
            self.script.say(day, hour, message)

    def judge(
        self, person: Person, day: int, hour: str, *, version: int = 1, is_good: bool = True,
        papers: Sequence[DocumentName] = PAPERS,
    ) -> None:  # fmt: skip
        """An administrator looks at the documents."""
        for paper in papers if person.role not in NO_PAPERS else ():
            message = ApprovalDocumentJudged(
                registration_id=person.registration_id, document_id=f"{paper}-{version}", administrator=CHIEF,
                verdict="accepted" if is_good else "deficient", deficiencies=() if is_good else ("signature",),
            )  # fmt: skip
            self.script.say(day, hour, message)

    def supervise(self, person: Person, day: int, hour: str, *, by: Person | None = None, is_good: bool = True) -> None:
        """A supervisor decides."""
        supervisor = by or person.supervisors[0]
        message = ApprovalSupervisorDecided(
            registration_id=person.registration_id, supervisor=supervisor.email,
            decision="approve" if is_good else "refuse",
        )  # fmt: skip
        self.script.say(day, hour, message)

    def decide(
        self, person: Person, day: int, hour: str, what: Literal["approve", "reject", "want_information"]
    ) -> None:
        """An administrator decides."""
        message = ApprovalAdministratorDecided(
            registration_id=person.registration_id, decision=what, administrator=CHIEF,
            reason="The licence number could not be verified." if what == "reject" else None,
            question="Which clinic do you work at?" if what == "want_information" else None,
        )  # fmt: skip
        self.script.say(day, hour, message)

    def answer(self, person: Person, day: int, hour: str) -> None:
        """The applicant answers."""
        message = RegistrationInformationSupplied(
            registration_id=person.registration_id, answer="At the Example Clinic."
        )
        self.script.say(day, hour, message)

    def withdraw(self, person: Person, day: int, hour: str) -> None:
        """The applicant no longer wants access."""
        self.script.say(day, hour, RegistrationWithdrawn(registration_id=person.registration_id))

    def list_people(self, people: Sequence[Person], day: int, hour: str) -> None:
        """An agency sends its list."""
        message = ApprovalAgencyListReceived(
            agency=AGENCIES[people[0].role], official_name="Chris Example", official_title="Commissioner",
            sent_on=on(day), administrator=CHIEF,
            persons=tuple(ListedPerson(name=f"{one.first_name} {one.last_name}", email=one.email) for one in people),
        )  # fmt: skip
        self.script.say(day, hour, message)

    def train(self, person: Person, day: int, hour: str) -> None:
        """The training in person."""
        message = ApprovalTrainingCompleted(
            registration_id=person.registration_id, trained_on=on(day), administrator=CHIEF
        )
        self.script.say(day, hour, message)

    def authorise(self, person: Person, day: int, hour: str) -> None:
        """The programme manager authorises an Admin."""
        message = ApprovalAdminAuthorised(registration_id=person.registration_id, programme_manager=MANAGER)
        self.script.say(day, hour, message)

    def joins_in_a_day(self, person: Person, day: int) -> None:
        """Everything goes well, in one morning."""
        person.set_day = day
        self.submit(person, day, "09:00")
        self.verify(person, day, "09:30")
        self.send(person, day, "10:00")
        self.judge(person, day, "10:30")
        if person.role in (LICENSED, UNLICENSED):
            self.supervise(person, day, "10:45")
        if person.role == ADMIN:
            self.authorise(person, day, "10:45")
        self.decide(person, day, "11:00", "approve")
