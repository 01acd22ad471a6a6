"""Failed logins: counted by address, known or not, so that the count tells nobody who has an account (R36, R37)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from messages.message import same_address
from store.contract import Row, Transaction, as_moment, as_text


@dataclass(frozen=True, slots=True)
class Failures:
    """The failures of an address so far, and until when it is locked."""

    number: int
    locked_until: datetime | None


async def of_address(tx: Transaction, address: str) -> Failures:
    """Return what failed so far; no other transaction counts a failure of this address until this one has ended."""
    row = await tx.row("logins.of_address", address_key=same_address(address))
    return Failures(0, None) if row is None else _failures(row)


async def failed(tx: Transaction, address: str, *, now: datetime, counts_from: datetime) -> Failures:
    """Count one more failure and return what they are now; failures before ``counts_from`` are forgotten."""
    row = await tx.row(
        "logins.failed", address_key=same_address(address), now=as_text(now), counts_from=as_text(counts_from)
    )
    assert row is not None
    return _failures(row)


async def lock(tx: Transaction, address: str, *, until: datetime) -> None:
    """Nobody logs in with this address until a moment."""
    await tx.run("logins.lock", address_key=same_address(address), locked_until=as_text(until))


async def forget(tx: Transaction, address: str) -> None:
    """The address has no failures and no lock any more."""
    await tx.run("logins.forget", address_key=same_address(address))


async def forget_before(tx: Transaction, moment: datetime, *, page: int) -> int:
    """Let the next failures go that began before a moment; return how many, 0 when none is left."""
    return await tx.run("logins.forget_before", moment=as_text(moment), most=page)


def _failures(row: Row) -> Failures:
    return Failures(row["failures"], as_moment(row["locked_until"]) if row["locked_until"] else None)
