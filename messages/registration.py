"""Registration: a person asks for access, and gives whatever the registration still lacks (R1–R4, R6, R7, R13)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from messages.message import Email, Line, Message, Moment, Part, Prose, Reference, Sealed, ShortLine

DocumentName = Literal["identity_form", "photo_id", "other"]
"""R4: the notarised identity-verification form, a copy of a government-issued photo ID, or something that was asked for."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$")]
Supervisors = Annotated[tuple[Email, ...], Field(max_length=20)]


class Applicant(Part):
    """Who applies, as written on the form; which fields a role requires is data (R3)."""

    first_name: ShortLine
    last_name: ShortLine
    middle_name: ShortLine | None = None
    date_of_birth: date | None = None
    phone: ShortLine | None = None
    specialty: Line | None = None
    employer_name: Line | None = None
    employer_address: Line | None = None
    agency_name: Line | None = None
    badge_number: ShortLine | None = None
    csp_number: ShortLine | None = None
    dea_number: ShortLine | None = None
    npi: ShortLine | None = None
    license_number: ShortLine | None = None
    license_type: ShortLine | None = None
    ncpdp: ShortLine | None = None
    institution_dea_number: ShortLine | None = None
    institution_dea_suffix: ShortLine | None = None


class Consent(Part):
    """The terms of use that were agreed to; the agreement takes effect on the date of registration (R1, R26)."""

    terms_version: ShortLine
    agreed_at: Moment


class RegistrationSubmitted(Message):
    """An applicant gave address, password, role, the role's form and consent (R1).

    ``registration_id`` is the portal's own name for this registration; later messages refer to it.
    """

    registration_id: Reference
    email: Email
    password: Sealed
    role: ShortLine
    applicant: Applicant
    consent: Consent
    supervisors: Supervisors = ()


class RegistrationEmailVerified(Message):
    """The applicant opened the link that was sent to the address; its secret comes back sealed (R13, R38)."""

    builds_on = "registration_id"

    registration_id: Reference
    token: Sealed


class RegistrationVerificationRequested(Message):
    """The applicant wants a new link to verify the address: the former one expired or did not arrive (R13)."""

    builds_on = "registration_id"

    registration_id: Reference


class RegistrationDocumentReceived(Message):
    """A document of the applicant's stands at a place the portal knows; here is its reference (R4, R62)."""

    builds_on = "registration_id"

    registration_id: Reference
    document_id: Reference
    document: DocumentName
    media_type: MediaType
    size_bytes: int = Field(ge=1, le=1024**3)
    sha256: Sha256
    location: Line
    received_at: Moment


class RegistrationInformationSupplied(Message):
    """The applicant answered what an administrator asked, corrected the form, or named further supervisors (R6, R7)."""

    builds_on = "registration_id"

    registration_id: Reference
    answer: Prose | None = None
    applicant: Applicant | None = None
    supervisors: Supervisors = ()

    @model_validator(mode="after")
    def _says_something(self) -> RegistrationInformationSupplied:
        if self.answer is None and self.applicant is None and not self.supervisors:
            raise ValueError("nothing is supplied (answer, applicant or supervisors)")
        return self


class RegistrationWithdrawn(Message):
    """The applicant no longer wants access; the address is free again (R2)."""

    builds_on = "registration_id"

    registration_id: Reference
    reason: Literal["applicant", "duplicate", "other"] = "applicant"
