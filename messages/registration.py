"""Registration: a person asks for access (R1–R4, R7, R13)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from messages.message import Email, Line, Message, Moment, Part, Reference, Sealed, ShortLine


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
    supervisors: tuple[Email, ...] = Field(default=(), max_length=20)


class RegistrationWithdrawn(Message):
    """The applicant no longer wants access; the address is free again (R2)."""

    registration_id: Reference
    reason: Literal["applicant", "duplicate", "other"] = "applicant"
