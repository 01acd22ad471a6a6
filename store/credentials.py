"""Credentials: what the licensing system says of them, and which account depends on which (R5, R21)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from messages.message import same_address
from messages.registration import Applicant
from store.contract import Row, Transaction, Value, as_date, as_text
from store.paging import Key, paged

Kind = Literal["csp", "dea", "license"]
_SEPARATORS = re.compile(r"[\W_]+")
_BY_CREDENTIAL: Key = MappingProxyType({"after_no": ("no", 0), "after_account": ("account_id", "")})


@dataclass(frozen=True, slots=True)
class Told:
    """What the licensing system says of one credential."""

    kind: Kind
    number: str
    status: str
    lapses_on: date
    as_of: datetime
    holder_name: str = ""
    holder_email: str = ""
    npi: str = ""

    def as_row(self, seq: int) -> tuple[Value, ...]:
        """Write the row in the order of ``credentials.put``'s parameters."""
        return (
            self.kind, number_key(self.number), self.status, self.lapses_on.isoformat(), as_text(self.as_of),
            self.holder_name, self.holder_email, same_address(self.holder_email), self.npi, seq,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """An account holds a credential that the registers know."""

    account_id: str
    kind: Kind
    lapses_on: date


@dataclass(frozen=True, slots=True)
class Warned:
    """Whom a warning goes to."""

    account_id: str
    kind: Kind
    email: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A holder of a CSP registration without an account (R5)."""

    number: str
    name: str
    email: str
    npi: str
    invited_on: date | None


@dataclass(frozen=True, slots=True)
class Lapsed:
    """An account that a lapsed credential has suspended."""

    account_id: str
    kind: Kind


def number_key(number: str) -> str:
    """Reduce a number to what it is compared by: case, blanks, points and dashes do not count."""
    return _SEPARATORS.sub("", number).upper()


async def put_all(tx: Transaction, told: Sequence[Told], seq: int) -> int:
    """Keep what one message says, each number once; return how many were news."""
    latest = {(one.kind, number_key(one.number)): one for one in told}
    return await tx.insert_all("credentials.put", [one.as_row(seq) for one in latest.values()])


async def hold_number(tx: Transaction, account_id: str, kind: Kind, number: str) -> None:
    """An account holds a credential under this number from now on."""
    await tx.run("credentials.hold_number", account_id=account_id, credential=kind, number_key=number_key(number))


async def hold_numbers(tx: Transaction, account_id: str, form: Applicant) -> None:
    """An account holds what its form names."""
    numbers: tuple[tuple[Kind, str | None], ...] = (
        ("csp", form.csp_number), ("dea", form.dea_number), ("license", form.license_number),
    )  # fmt: skip
    for kind, number in numbers:
        if number is not None and number_key(number):
            await hold_number(tx, account_id, kind, number)


async def held_number(tx: Transaction, account_id: str, kind: Kind) -> str | None:
    """Return the number, as it is compared, under which an account holds a credential."""
    row = await tx.row("credentials.held_number", account_id=account_id, credential=kind)
    return str(row["number_key"]) if row is not None else None


async def held_by(tx: Transaction, account_id: str) -> list[Held]:
    """Return what an account holds, as far as the registers know it."""
    rows = await tx.rows("credentials.held_by", account_id=account_id)
    return [Held(account_id, row["credential"], as_date(row["lapses_on"])) for row in rows]


async def lapsed_unnoticed(tx: Transaction, today: date, *, page: int = 500) -> AsyncIterator[Sequence[Held]]:
    """Yield what has lapsed and has not suspended its account, whether the account depends on it or not."""
    after = {"after_date": ("lapses_on", ""), **_BY_CREDENTIAL}
    async for rows in paged(tx, "credentials.lapsed_unnoticed", page=page, after=after, today=today.isoformat()):
        yield [_held(row) for row in rows]


async def told_by(tx: Transaction, seq: int, *, page: int = 500) -> AsyncIterator[Sequence[Held]]:
    """Yield the accounts that hold what one message told of."""
    async for rows in paged(tx, "credentials.told_by", page=page, after=_BY_CREDENTIAL, seq=seq):
        yield [_held(row) for row in rows]


async def lapsing_on(tx: Transaction, day: date, *, page: int = 500) -> AsyncIterator[Sequence[Warned]]:
    """Yield holders of what lapses on a day."""
    async for rows in paged(tx, "credentials.lapsing_on", page=page, after=_BY_CREDENTIAL, lapses_on=day.isoformat()):
        yield [
            Warned(r["account_id"], r["credential"], r["email"], r["role"], f"{r['first_name']} {r['last_name']}")
            for r in rows
        ]


async def unregistered(tx: Transaction, today: date, *, page: int = 500) -> AsyncIterator[Sequence[Unregistered]]:
    """Yield holders of a CSP registration in force without account or pending registration, by number (R5)."""
    after = {"after_number": ("number_key", "")}
    async for rows in paged(tx, "credentials.unregistered", page=page, after=after, today=today.isoformat()):
        yield [
            Unregistered(
                row["number_key"], row["holder_name"], row["holder_email"], row["npi"],
                as_date(row["invited_on"]) if row["invited_on"] else None,
            )
            for row in rows
        ]  # fmt: skip


async def note_invited(tx: Transaction, numbers: Sequence[str], today: date) -> None:
    """These holders were reminded today."""
    for number in numbers:
        await tx.run("credentials.invited", number_key=number, invited_on=today.isoformat())


async def suspended_since(tx: Transaction, moment: datetime, *, page: int = 500) -> AsyncIterator[Sequence[Lapsed]]:
    """Yield accounts that a lapsed credential suspended since a moment and that still are."""
    after = {"after_no": ("no", 0)}
    async for rows in paged(tx, "credentials.suspended_since", page=page, after=after, moment=as_text(moment)):
        yield [Lapsed(row["account_id"], row["cause"].removeprefix("credential:")) for row in rows]


def _held(row: Row) -> Held:
    return Held(row["account_id"], row["credential"], as_date(row["lapses_on"]))
