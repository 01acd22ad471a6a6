"""Links that change how a user gets in: a new password (R36), a new address (R22). Only their secrets' hashes are kept (R38)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from messages.message import same_address
from store.contract import Row, Transaction, as_moment, as_text

State = Literal["open", "used", "replaced"]


@dataclass(frozen=True, slots=True)
class Reset:
    """A link to choose a new password; the account is empty when the address had none."""

    reset_id: str
    account_id: str
    secret_hash: str
    state: State
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AddressChange:
    """A link to a new address, which proves that the user reads it."""

    change_id: str
    account_id: str
    new_email: str
    secret_hash: str
    state: State
    expires_at: datetime


async def asked_since(tx: Transaction, address: str, moment: datetime) -> int:
    """Return how often an address asked for a new password since a moment."""
    row = await tx.row("resets.asked_since", address_key=same_address(address), moment=as_text(moment))
    assert row is not None
    return int(row["number"])


async def insert(tx: Transaction, address: str, reset: Reset, now: datetime) -> None:
    """Keep a new link; earlier links of the address work no more."""
    await tx.run("resets.replace", address_key=same_address(address))
    await tx.run(
        "resets.insert",
        reset_id=reset.reset_id,
        address_key=same_address(address),
        account_id=reset.account_id,
        secret_hash=reset.secret_hash,
        requested_at=as_text(now),
        expires_at=as_text(reset.expires_at),
    )


async def one(tx: Transaction, reset_id: str) -> Reset | None:
    """Return a link, or None."""
    row = await tx.row("resets.one", reset_id=reset_id)
    if row is None:
        return None
    return Reset(row["reset_id"], row["account_id"], row["secret_hash"], row["state"], as_moment(row["expires_at"]))


async def use(tx: Transaction, reset_id: str) -> bool:
    """Spend a link; False when it is spent or replaced already."""
    return await tx.run("resets.use", reset_id=reset_id) == 1


async def replace_all_of(tx: Transaction, account_id: str) -> None:
    """No link made before changes this account's password any more."""
    await tx.run("resets.replace_all_of", account_id=account_id)


async def forget_before(tx: Transaction, moment: datetime, *, page: int) -> int:
    """Let the next links go that were asked for before a moment; return how many, 0 when none is left."""
    return await tx.run("resets.forget_before", moment=as_text(moment), most=page)


async def insert_address_change(tx: Transaction, change: AddressChange, now: datetime) -> None:
    """Keep a new link; an earlier one of the account works no more."""
    await tx.run("resets.replace_address_change", account_id=change.account_id)
    await tx.run(
        "resets.insert_address_change",
        change_id=change.change_id,
        account_id=change.account_id,
        new_email=change.new_email,
        secret_hash=change.secret_hash,
        requested_at=as_text(now),
        expires_at=as_text(change.expires_at),
    )


async def address_change(tx: Transaction, change_id: str) -> AddressChange | None:
    """Return a link to a new address, or None."""
    row: Row | None = await tx.row("resets.address_change", change_id=change_id)
    if row is None:
        return None
    return AddressChange(
        row["change_id"], row["account_id"], row["new_email"], row["secret_hash"], row["state"],
        as_moment(row["expires_at"]),
    )  # fmt: skip


async def use_address_change(tx: Transaction, change_id: str) -> bool:
    """Spend a link to a new address; False when it is spent or replaced already."""
    return await tx.run("resets.use_address_change", change_id=change_id) == 1
