"""Terms of use: which version is in force, and who accepted which (R1, R26)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from store.contract import Row, Transaction, as_date, as_moment, as_text


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the terms of use."""

    version: str
    effective_on: date


async def publish(tx: Transaction, version: str, effective_on: date, *, by: str, now: datetime) -> bool:
    """Keep a new version; False when it was published already."""
    return (
        await tx.run(
            "terms.publish",
            version=version,
            effective_on=effective_on.isoformat(),
            published_at=as_text(now),
            published_by=by,
        )
        == 1
    )


async def one(tx: Transaction, version: str) -> Terms | None:
    """Return a version, or None."""
    return _terms(await tx.row("terms.one", version=version))


async def in_force(tx: Transaction, today: date) -> Terms | None:
    """Return the version in force on a local date, or None while none was published."""
    return _terms(await tx.row("terms.in_force", today=today.isoformat()))


async def accept(tx: Transaction, account_id: str, version: str, *, accepted_at: datetime, now: datetime) -> bool:
    """Keep that a user accepted a version; False when that is known, and stays as it was."""
    return (
        await tx.run(
            "terms.accept",
            account_id=account_id,
            version=version,
            accepted_at=as_text(accepted_at),
            recorded_at=as_text(now),
        )
        == 1
    )


async def accept_at_registration(tx: Transaction, account_id: str) -> None:
    """Keep the version that the account's holder agreed to when registering."""
    await tx.run("terms.accept_at_registration", account_id=account_id)


async def accepted_at(tx: Transaction, account_id: str, version: str) -> datetime | None:
    """Return when a user accepted a version; None when they have not."""
    row = await tx.row("terms.accepted", account_id=account_id, version=version)
    return as_moment(row["accepted_at"]) if row is not None else None


def _terms(row: Row | None) -> Terms | None:
    return None if row is None else Terms(row["version"], as_date(row["effective_on"]))
