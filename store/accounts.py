"""Accounts: who has access, and until when their password works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from messages.message import same_address
from messages.registration import Applicant
from store import credentials, terms
from store.contract import Conflict, Row, Transaction, as_date, as_text
from store.paging import paged
from store.registrations import Registration

State = Literal["active", "suspended", "revoked", "deactivated"]


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands."""

    account_id: str
    email: str
    role: str
    state: State
    first_name: str
    last_name: str
    password_hash: str
    password_set_on: date
    password_expires_on: date

    @property
    def name(self) -> str:
        """The holder's own name, as e-mails address them."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class ExpiringPassword:
    """Whom a password notice goes to."""

    account_id: str
    email: str
    name: str
    expires_on: date


async def open_account(
    tx: Transaction, registration: Registration, *, set_on: date, expires_on: date, now: datetime
) -> None:
    """Make an approved registration an active account, with the numbers on its form and the terms it agreed to (R21, R26)."""
    row = await tx.row("accounts.form_of", registration_id=registration.registration_id)
    form = Applicant.model_validate_json(row["applicant"]) if row is not None else None
    await tx.run(
        "accounts.insert",
        account_id=registration.registration_id,
        email=registration.email,
        email_key=same_address(registration.email),
        role=registration.role,
        first_name=registration.first_name,
        last_name=registration.last_name,
        password_hash=registration.password_hash,
        password_set_on=set_on.isoformat(),
        password_expires_on=expires_on.isoformat(),
        approved_at=as_text(now),
        facility=(form.employer_name if form else None) or "",
    )
    if form is not None:
        await credentials.hold_numbers(tx, registration.registration_id, form)
    await terms.accept_at_registration(tx, registration.registration_id)


async def one(tx: Transaction, account_id: str) -> Account | None:
    """Return an account, or None."""
    return _account(await tx.row("accounts.one", account_id=account_id))


async def hold(tx: Transaction, account_id: str) -> Account | None:
    """Return an account that no other transaction changes until this one has ended, or None."""
    return _account(await tx.row("accounts.hold", account_id=account_id))


async def by_address(tx: Transaction, email: str) -> Account | None:
    """Return the account that holds an address, suspended or not; None when it is closed or there is none (R2)."""
    return _account(await tx.row("accounts.by_address", email_key=same_address(email)))


def _account(row: Row | None) -> Account | None:
    if row is None:
        return None
    return Account(
        row["account_id"], row["email"], row["role"], row["state"], row["first_name"], row["last_name"],
        row["password_hash"], as_date(row["password_set_on"]), as_date(row["password_expires_on"]),
    )  # fmt: skip


async def set_password(
    tx: Transaction, account_id: str, *, password_hash: str, replaces: str, set_on: date, expires_on: date
) -> None:
    """Replace the password's hash.

    Raises:
        Conflict: another password was set since the new one was compared with the one it replaces (R31).
    """
    changed = await tx.run(
        "accounts.set_password",
        account_id=account_id,
        password_hash=password_hash,
        replaces=replaces,
        password_set_on=set_on.isoformat(),
        password_expires_on=expires_on.isoformat(),
    )
    if not changed:
        raise Conflict("The password changed while the new one was hashed.")


async def set_state(tx: Transaction, account: Account, state: State) -> None:
    """Move an account from the state it was seen in to another.

    Raises:
        Conflict: another transaction moved it first.
    """
    if not await tx.run("accounts.set_state", account_id=account.account_id, state=state, was=account.state):
        raise Conflict("The account's state changed meanwhile.")


async def set_profile(
    tx: Transaction, account: Account, *, first_name: str, last_name: str, facility: str, job: str, employment: str
) -> None:
    """Replace what the user reported; an empty facility, job or employment stays as it is (R22)."""
    await tx.run(
        "accounts.set_profile",
        account_id=account.account_id,
        first_name=first_name,
        last_name=last_name,
        facility=facility,
        job=job,
        employment=employment,
    )


async def set_email(tx: Transaction, account_id: str, email: str) -> None:
    """Give an account another address.

    Raises:
        Conflict: another open account took the address first (R2).
    """
    await tx.run("accounts.set_email", account_id=account_id, email=email, email_key=same_address(email))


async def passwords_expiring(
    tx: Transaction, *, expires_from: date, expires_to: date, page: int = 1000
) -> AsyncIterator[Sequence[ExpiringPassword]]:
    """Yield active accounts whose password expires between two dates, both included, a page at a time."""
    pages = paged(
        tx, "accounts.passwords_expiring", page=page,
        after={"after_date": ("password_expires_on", ""), "after_no": ("no", 0)},
        expires_from=expires_from.isoformat(), expires_to=expires_to.isoformat(),
    )  # fmt: skip
    async for rows in pages:
        yield [
            ExpiringPassword(
                row["account_id"],
                row["email"],
                f"{row['first_name']} {row['last_name']}",
                as_date(row["password_expires_on"]),
            )
            for row in rows
        ]
