"""Dispenser: who must report what was dispensed, through whom, and who need not (R40–R43, R61)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from messages.identifiers import dea_is_valid, ncpdp_is_valid, npi_is_valid
from messages.message import Email, Line, Message, ShortLine


def _dea(value: str) -> str:
    if not dea_is_valid(value) or not value.isupper():
        raise ValueError("is no DEA number: two capital letters and seven digits with their check digit")
    return value


def _npi(value: str) -> str:
    if not npi_is_valid(value):
        raise ValueError("is no NPI: ten digits with their check digit")
    return value


def _ncpdp(value: str) -> str:
    if not ncpdp_is_valid(value):
        raise ValueError("is no NCPDP provider id: seven digits with their check digit")
    return value


Dea = Annotated[str, StringConstraints(min_length=9, max_length=9), AfterValidator(_dea)]
Npi = Annotated[str, StringConstraints(min_length=10, max_length=10), AfterValidator(_npi)]
Ncpdp = Annotated[str, StringConstraints(min_length=7, max_length=7), AfterValidator(_ncpdp)]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{7,10}$")]
"""Any of a registered dispenser's numbers: DEA, NPI or NCPDP."""

Exempt = Literal["inpatient", "treatment", "short_supply", "administered", "sample"]
"""The exemptions of R43, (a) to (e)."""


class DispenserRegistered(Message):
    """A dispenser is known to the programme, or its particulars are new: whoever sends it again replaces them.

    ``submitters`` are the broker users that may send for it (R61); none: anyone may. ``facility`` says what it is beside its
    kind, as far as exemptions ask (R43).
    """

    dea: Dea | None = None
    npi: Npi | None = None
    ncpdp: Ncpdp | None = None
    name: Line
    dispenser_kind: Literal["pharmacy", "practitioner", "veterinarian"]
    facility: Literal["institutional", "treatment_programme", "licensed_facility"] | None = None
    submitters: Annotated[tuple[ShortLine, ...], Field(max_length=50)] = ()
    contact_email: Email

    @model_validator(mode="after")
    def _has_a_number(self) -> DispenserRegistered:
        if not (self.dea or self.npi or self.ncpdp):
            raise ValueError("needs at least one of dea, npi and ncpdp")
        return self


class DispenserExemptionDeclared(Message):
    """A dispenser need not report from one day to another, both included, or until that is ended (R43)."""

    builds_on = "dispenser"

    dispenser: Number
    exemption: Exempt
    from_on: date
    to_on: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> DispenserExemptionDeclared:
        if self.to_on is not None and self.to_on < self.from_on:
            raise ValueError("ends before it begins (to_on, from_on)")
        return self


class DispenserExemptionEnded(Message):
    """A dispenser's standing exemption holds up to this day, and no longer."""

    builds_on = "dispenser"

    dispenser: Number
    ended_on: date


class DispenserClosed(Message):
    """A dispenser closes on that day, the last of which a report is expected; what it sends later is stored."""

    builds_on = "dispenser"

    dispenser: Number
    closed_on: date
