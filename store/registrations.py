"""Registrations: who asked for access, how far it has come, and what was decided."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from messages.message import same_address
from messages.registration import Applicant, RegistrationSubmitted
from store.contract import Transaction, as_moment, as_text, moment_or_none, text_or_none
from store.paging import Key, paged

Closed = Literal["approved", "rejected", "withdrawn", "expired"]
_LONGEST_WAITING_FIRST: Key = MappingProxyType({"after_since": ("state_since", ""), "after_no": ("no", 0)})


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration as it stands; ``revision`` counts its changes."""

    registration_id: str
    email: str
    role: str
    state: str
    state_since: datetime
    revision: int
    applicant: Applicant
    password_hash: str
    verification_hash: str
    verification_ends_at: datetime | None
    verified_at: datetime | None = None
    authorised_at: datetime | None = None
    authorised_by: str | None = None

    @property
    def first_name(self) -> str:
        """The applicant's first name."""
        return self.applicant.first_name

    @property
    def last_name(self) -> str:
        """The applicant's last name."""
        return self.applicant.last_name

    @property
    def name(self) -> str:
        """The applicant's own name, as e-mails address them."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A registration that waits on the programme, and since when (R11)."""

    registration_id: str
    role: str
    state: str
    since: datetime


async def address_in_use(tx: Transaction, email: str) -> bool:
    """Tell whether an address belongs to a pending registration or an account that is not closed (R2)."""
    return await tx.row("registrations.address_in_use", email_key=same_address(email)) is not None


async def insert(
    tx: Transaction,
    message: RegistrationSubmitted,
    *,
    role: str,
    state: str,
    password_hash: str,
    verification_hash: str,
    verification_ends_at: datetime,
    now: datetime,
    seq: int,
) -> None:
    """Keep a new registration with the terms that were agreed to (R1); ``role`` is the table's name for it."""
    await tx.run(
        "registrations.insert",
        registration_id=message.registration_id,
        email=message.email,
        email_key=same_address(message.email),
        role=role,
        state=state,
        first_name=message.applicant.first_name,
        last_name=message.applicant.last_name,
        applicant=message.applicant.model_dump_json(exclude_none=True),
        supervisors=" ".join(message.supervisors),
        password_hash=password_hash,
        terms_version=message.consent.terms_version,
        terms_agreed_at=as_text(message.consent.agreed_at),
        verification_hash=verification_hash,
        verification_ends_at=as_text(verification_ends_at),
        submitted_at=as_text(now),
        seq=seq,
    )


async def one(tx: Transaction, registration_id: str) -> Registration | None:
    """Return a registration, or None."""
    row = await tx.row("registrations.one", registration_id=registration_id)
    if row is None:
        return None
    return Registration(
        row["registration_id"], row["email"], row["role"], row["state"], as_moment(row["state_since"]), row["revision"],
        Applicant.model_validate_json(row["applicant"]), row["password_hash"], row["verification_hash"] or "",
        moment_or_none(row["verification_ends_at"]), moment_or_none(row["verified_at"]),
        moment_or_none(row["authorised_at"]),
        row["authorised_by"],
    )  # fmt: skip


async def save(tx: Transaction, changed: Registration) -> bool:
    """Write what changed since the registration was read; False when another change or decision came first."""
    return (
        await tx.run(
            "registrations.save",
            registration_id=changed.registration_id,
            revision=changed.revision,
            state=changed.state,
            state_since=as_text(changed.state_since),
            first_name=changed.first_name,
            last_name=changed.last_name,
            applicant=changed.applicant.model_dump_json(exclude_none=True),
            verification_hash=changed.verification_hash,
            verification_ends_at=text_or_none(changed.verification_ends_at),
            verified_at=text_or_none(changed.verified_at),
            authorised_at=text_or_none(changed.authorised_at),
            authorised_by=changed.authorised_by,
        )
        == 1
    )


async def decide(
    tx: Transaction, known: Registration, state: Closed, *, now: datetime, by: str, reason: str | None
) -> bool:
    """Write the decision; False when another change or decision came since the registration was read."""
    return (
        await tx.run(
            "registrations.decide",
            registration_id=known.registration_id,
            revision=known.revision,
            state=state,
            decided_at=as_text(now),
            decided_by=by,
            decision_reason=reason,
        )
        == 1
    )


async def waiting_on_applicants(tx: Transaction, *, before: datetime, page: int = 500) -> AsyncIterator[Sequence[str]]:
    """Yield the ids of registrations that wait on somebody outside the programme since before a moment (R12)."""
    async for rows in paged(
        tx, "registrations.waiting_on_applicants", page=page, after=_LONGEST_WAITING_FIRST, before=as_text(before)
    ):
        yield [row["registration_id"] for row in rows]


async def waiting_on_programme(tx: Transaction, *, page: int = 500) -> AsyncIterator[Sequence[Waiting]]:
    """Yield what waits on an administrator or the programme manager, the longest waiting first (R11)."""
    async for rows in paged(tx, "registrations.waiting_on_programme", page=page, after=_LONGEST_WAITING_FIRST):
        yield [Waiting(r["registration_id"], r["role"], r["state"], as_moment(r["state_since"])) for r in rows]


async def pending_on_list(tx: Transaction, agency_key: str, *, page: int = 500) -> AsyncIterator[Sequence[str]]:
    """Yield the ids of pending registrations that an agency's list is about (R8)."""
    after = {"after_no": ("no", 0)}
    async for rows in paged(tx, "registrations.pending_on_list", page=page, after=after, agency_key=agency_key):
        yield [row["registration_id"] for row in rows]


async def ask(tx: Transaction, registration_id: str, question: str, *, by: str, now: datetime) -> None:
    """Keep an administrator's question; the registration pauses until it is answered (R6)."""
    await tx.run(
        "registrations.ask", registration_id=registration_id, asked_by=by, question=question, asked_at=as_text(now)
    )


async def has_open_question(tx: Transaction, registration_id: str) -> bool:
    """Tell whether something that was asked has no answer yet."""
    return await tx.row("registrations.open_question", registration_id=registration_id) is not None


async def answer(tx: Transaction, registration_id: str, text: str | None, *, now: datetime) -> None:
    """Keep the applicant's answer to whatever was asked."""
    await tx.run("registrations.answer", registration_id=registration_id, answer=text, answered_at=as_text(now))
