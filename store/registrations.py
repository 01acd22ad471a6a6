"""Registrations: who asked for access, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from messages.message import same_address
from messages.registration import RegistrationSubmitted
from store.contract import Transaction, as_text


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration as it stands."""

    registration_id: str
    email: str
    role: str
    state: Literal["received", "approved", "rejected", "withdrawn", "expired"]
    first_name: str
    last_name: str
    password_hash: str

    @property
    def name(self) -> str:
        """The applicant's own name, as e-mails address them."""
        return f"{self.first_name} {self.last_name}"


async def address_in_use(tx: Transaction, email: str) -> bool:
    """Tell whether an address belongs to a pending registration or an account that is not closed (R2)."""
    return await tx.row("registrations.address_in_use", email_key=same_address(email)) is not None


async def insert(
    tx: Transaction, message: RegistrationSubmitted, *, password_hash: str, now: datetime, seq: int
) -> None:
    """Keep a new registration with the terms that were agreed to (R1)."""
    await tx.run(
        "registrations.insert",
        registration_id=message.registration_id,
        email=message.email,
        email_key=same_address(message.email),
        role=message.role,
        first_name=message.applicant.first_name,
        last_name=message.applicant.last_name,
        applicant=message.applicant.model_dump_json(exclude_none=True),
        supervisors=" ".join(message.supervisors),
        password_hash=password_hash,
        terms_version=message.consent.terms_version,
        terms_agreed_at=as_text(message.consent.agreed_at),
        submitted_at=as_text(now),
        seq=seq,
    )


async def one(tx: Transaction, registration_id: str) -> Registration | None:
    """Return a registration, or None."""
    row = await tx.row("registrations.one", registration_id=registration_id)
    if row is None:
        return None
    return Registration(
        row["registration_id"], row["email"], row["role"], row["state"], row["first_name"], row["last_name"],
        row["password_hash"],
    )  # fmt: skip


async def decide(
    tx: Transaction,
    registration_id: str,
    state: Literal["approved", "rejected", "withdrawn", "expired"],
    *,
    now: datetime,
    by: str,
    reason: str | None,
) -> bool:
    """Write the decision; False when the registration was not pending any more."""
    return (
        await tx.run(
            "registrations.decide",
            registration_id=registration_id,
            state=state,
            decided_at=as_text(now),
            decided_by=by,
            decision_reason=reason,
        )
        == 1
    )
