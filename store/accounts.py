"""Accounts: who has access, and until when their password works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from messages.message import same_address
from store.contract import Row, Transaction, as_date, as_text
from store.registrations import Registration


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands."""

    account_id: str
    email: str
    role: str
    state: Literal["active", "suspended", "revoked", "deactivated"]
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
    """Make an approved registration an active account."""
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
    )


async def one(tx: Transaction, account_id: str) -> Account | None:
    """Return an account, or None."""
    return _account(await tx.row("accounts.one", account_id=account_id))


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


async def set_password(tx: Transaction, account_id: str, *, password_hash: str, set_on: date, expires_on: date) -> bool:
    """Replace the password's hash; False when a later password is set already."""
    return (
        await tx.run(
            "accounts.set_password",
            account_id=account_id,
            password_hash=password_hash,
            password_set_on=set_on.isoformat(),
            password_expires_on=expires_on.isoformat(),
        )
        == 1
    )


async def passwords_expiring(
    tx: Transaction, *, expires_from: date, expires_to: date, page: int = 1000
) -> AsyncIterator[Sequence[ExpiringPassword]]:
    """Yield active accounts whose password expires between two dates, both included, a page at a time."""
    after_date, after_no = "", 0
    while True:
        rows: Sequence[Row] = await tx.rows(
            "accounts.passwords_expiring",
            expires_from=expires_from.isoformat(),
            expires_to=expires_to.isoformat(),
            after_date=after_date,
            after_no=after_no,
            most=page,
        )
        if rows:
            yield [
                ExpiringPassword(
                    r["account_id"],
                    r["email"],
                    f"{r['first_name']} {r['last_name']}",
                    as_date(r["password_expires_on"]),
                )
                for r in rows
            ]
        if len(rows) < page:
            return
        after_date, after_no = rows[-1]["password_expires_on"], rows[-1]["no"]
