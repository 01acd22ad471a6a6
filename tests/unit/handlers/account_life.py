"""Accounts of the roles and credentials that a test needs, and short ways to log in and to look."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from handlers.digest.accounts import LISTINGS
from handlers.digest.listing import Listed, Look
from handlers.links import with_links_opened
from handlers.outcomes import Done, Outcome, Refuse
from handlers.sweeps.sweep import ChoreSweep, sweeps
from messages.account import AccountLoginAttempted, AccountLoginFailed, AccountSuspended
from messages.credential import CredentialChanged
from store import accounts, credentials, standing
from store.accounts import Account
from store.credentials import Kind
from tests.unit.handlers.bench import PASSWORD, Bench

ROBIN = "robin@example.org"


async def open_as(bench: Bench, name: str, role: str, *, email: str, numbers: dict[Kind, str] | None = None) -> None:
    """An account of this role is open and holds these numbers."""
    await bench.open_account(name, email=email)
    await bench.change(f"UPDATE accounts SET role = '{role}' WHERE account_id = '{name}'")
    for kind, number in (numbers or {}).items():
        await bench.store.write(lambda tx, k=kind, n=number: credentials.hold_number(tx, name, k, n))  # type: ignore[misc]


async def account(bench: Bench, name: str = "REG-1") -> Account:
    """The account as it stands."""
    found = await bench.store.read(lambda tx: accounts.one(tx, name))
    assert found is not None
    return found


async def causes(bench: Bench, name: str = "REG-1") -> list[str]:
    """Why it is suspended."""
    return list(await bench.store.read(lambda tx: standing.causes(tx, name)))


async def log_in(bench: Bench, password: str = PASSWORD, *, address: str = ROBIN) -> dict[str, Any]:
    """What a portal hears of an attempt."""
    return result(await bench.send(AccountLoginAttempted(address=address, password=bench.seal(password))))


async def fail(bench: Bench, *, address: str = ROBIN) -> dict[str, Any]:
    """What a portal hears that turned somebody away."""
    return result(await bench.send(AccountLoginFailed(address=address)))


def result(outcome: Outcome) -> dict[str, Any]:
    """What came of a login: granted, or the code of the refusal that was kept; with the rest of the result."""
    if isinstance(outcome, Refuse):
        assert outcome.is_kept
        return {"login": outcome.code} | dict(outcome.result or {})
    assert isinstance(outcome, Done)
    return {"login": "granted"} | dict(outcome.result or {})


def secret_link(bench: Bench) -> tuple[str, str]:
    """The id and the secret of the link in the last e-mail."""
    (mail,) = [one for one in bench.mails if "link" in one.facts]
    opened = with_links_opened(json.loads(json.dumps(dict(mail.facts))), bench.programme.vault)
    path, _, secret = str(opened["link"]).partition("#")
    return path.rpartition("/")[2], secret


def suspension(name: str = "REG-1", *, until: date | None = None) -> AccountSuspended:
    """An administrator suspends."""
    return AccountSuspended(
        account_id=name, administrator="a@example.org", ground="not_cooperating", reason="No answer.", until=until
    )


def csp(number: str = "CSP.1", *, status: Any = "active", expires_on: date | None = None) -> CredentialChanged:
    """The licensing system speaks of a CSP registration."""
    return CredentialChanged(credential="csp", number=number, status=status, expires_on=expires_on)


async def found(bench: Bench, place: int) -> Listed:
    """What the administrators' digest finds of accounts at a place on the bench's day."""
    (listing,) = [one for one in LISTINGS if one.place == place]
    today = bench.programme.policy.local_date(bench.now)
    return await bench.store.read(lambda tx: listing.find(Look(tx, today, bench.programme)))


async def listed(bench: Bench, place: int) -> list[str]:
    """Its lines."""
    return list((await found(bench, place)).rows)


ELIGIBILITY, LAPSED, UNREGISTERED = 40, 41, 42


async def forget_traces(bench: Bench, on: date) -> None:
    """The chore of this day has run to its end."""
    chore = sweeps()["login_traces"]
    assert isinstance(chore, ChoreSweep)
    for one in chore.chores:
        while await bench.store.write(lambda tx, one=one: one(tx, on, bench.programme)):  # type: ignore[misc]
            pass
