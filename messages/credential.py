"""Credential: what the state's licensing system says of CSP registrations, DEA numbers and licences (R5, R21)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from messages.message import Email, Line, Message, Moment, Part, Reference, ShortLine

Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .\-/]{0,39}$")]
"""A number as a register writes it; case, blanks, points and dashes do not count when it is compared."""

Status = Literal["active", "lapsed", "suspended", "surrendered", "revoked"]


class CredentialChanged(Message):
    """A credential was issued, renewed, has lapsed or was taken away (R21).

    It is found by its ``number``; with ``account_id`` it is that account's from now on, and without ``number`` it is the one
    that the account holds. ``expires_on`` is the first day without it. What was true later (``as_of``) stays true.
    """

    builds_on = "account_id"

    credential: Literal["csp", "dea", "license"]
    status: Status
    account_id: Reference | None = None
    number: Number | None = None
    expires_on: date | None = None
    as_of: Moment | None = None

    @model_validator(mode="after")
    def _names_a_holder(self) -> CredentialChanged:
        if self.account_id is None and self.number is None:
            raise ValueError("names neither an account nor a number (fields account_id, number)")
        return self


class CspHolder(Part):
    """One holder of a CSP registration."""

    csp_number: Number
    name: Line
    email: Email | None = None
    npi: ShortLine | None = None
    status: Status = "active"
    expires_on: date | None = None


class CredentialRosterReceived(Message):
    """Holders of CSP registrations, as many as fit one message; a longer roster comes in several (R5)."""

    as_of: Moment
    holders: tuple[CspHolder, ...] = Field(min_length=1, max_length=5000)
