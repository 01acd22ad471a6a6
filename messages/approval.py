"""Approval: those who may decide on a registration have decided, and what they must know first is recorded (R4, R6–R10)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from messages.message import Email, Line, Message, Part, Prose, Reference, ShortLine

Deficiency = Literal["signature", "completeness", "legibility", "expired", "other"]


class ApprovalSupervisorDecided(Message):
    """A supervisor whom a delegate named in a registration approved or refused (R7)."""

    builds_on = "registration_id"

    registration_id: Reference
    supervisor: Email
    decision: Literal["approve", "refuse"]
    reason: Prose | None = None


class ApprovalDocumentJudged(Message):
    """An administrator accepted a document or found it deficient, and in what (R4)."""

    builds_on = "registration_id"

    registration_id: Reference
    document_id: Reference
    administrator: Email
    verdict: Literal["accepted", "deficient"]
    deficiencies: Annotated[tuple[Deficiency, ...], Field(max_length=5)] = ()

    @model_validator(mode="after")
    def _deficient_in_something(self) -> ApprovalDocumentJudged:
        if (self.verdict == "deficient") != bool(self.deficiencies):
            raise ValueError("a deficient document, and only that, names what it lacks (field deficiencies)")
        return self


class ApprovalAdministratorDecided(Message):
    """An administrator decided on a registration: approve, reject with a reason, or ask for more information (R6)."""

    builds_on = "registration_id"

    registration_id: Reference
    decision: Literal["approve", "reject", "want_information"]
    administrator: Email
    reason: Prose | None = None
    question: Prose | None = None

    @model_validator(mode="after")
    def _says_why_or_what(self) -> ApprovalAdministratorDecided:
        if self.decision == "reject" and self.reason is None:
            raise ValueError("a rejection needs a reason (field reason)")
        if (self.decision == "want_information") != (self.question is not None):
            raise ValueError("whoever wants information, and only they, asks something (field question)")
        return self


class ListedPerson(Part):
    """A person on an agency's list."""

    name: Line
    email: Email


class ApprovalAgencyListReceived(Message):
    """An agency's highest-ranking official sent in the list of people who may apply; it replaces the former one (R8)."""

    agency: Line
    official_name: Line
    official_title: ShortLine
    sent_on: date
    persons: Annotated[tuple[ListedPerson, ...], Field(max_length=2000)]
    administrator: Email


class ApprovalTrainingCompleted(Message):
    """An applicant or user completed the 30-minute training in person (R8)."""

    builds_on = "registration_id"

    registration_id: Reference
    trained_on: date
    administrator: Email


class ApprovalAdminAuthorised(Message):
    """The programme manager authorised an applicant of programme or vendor staff to become Admin (R10)."""

    builds_on = "registration_id"

    registration_id: Reference
    programme_manager: Email
