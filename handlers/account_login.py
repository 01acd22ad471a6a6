"""Account: someone logs in, or tries to (R26, R34, R35, R37).

The answer is accepted, or refused as wrong, locked, expired or not_active; a refusal is kept, for it was counted. The last two
are told only to those who know the password, the first two to everyone alike: an address that nobody has is counted and locked
as any other, by the same statements.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import JsonValue

from handlers.outcomes import Done, Outcome, Refuse
from handlers.passwords import CheckedPassword, checked
from handlers.registry import Setting
from handlers.reminders import password_expiring
from handlers.rules.passwords import is_expired
from handlers.work import Work
from messages.account import AccountLoginAttempted, AccountLoginFailed, AccountLoginSucceeded
from store import accounts, logins, terms
from store.accounts import Account
from store.contract import Conflict, Transaction, as_text

M = TypeVar("M", AccountLoginAttempted, AccountLoginSucceeded, AccountLoginFailed)
P = TypeVar("P")


async def look_login_attempted(tx: Transaction, message: AccountLoginAttempted) -> str | None:
    """Return the hash of the password that belongs to the address, or None."""
    account = await accounts.by_address(tx, message.address)
    return account.password_hash if account is not None else None


def prepare_login_attempted(message: AccountLoginAttempted, setting: Setting) -> CheckedPassword | Refuse:
    """Compare the sealed password with that hash; with nobody's where there is none (R36)."""
    return checked(message.password, setting.seen, setting.envelope, setting.programme)


async def login_attempted(work: Work[AccountLoginAttempted, CheckedPassword]) -> Outcome:
    """The attempt is answered; a failed one is counted, and the fourth locks the address for a while (R34, R35, R37)."""
    account = await accounts.by_address(work.tx, work.message.address)
    if work.prepared.compared_with != (account.password_hash if account is not None else None):
        raise Conflict("The password changed while it was checked.")
    return await _judged(work, account, is_right=work.prepared.is_right)


async def login_succeeded(work: Work[AccountLoginSucceeded, None]) -> Outcome:
    """The failures are forgotten and reminders raised; a lock, an end of the password or a suspension is told (R34, R37)."""
    account = await accounts.by_address(work.tx, work.message.address)
    return await _judged(work, account, is_right=account is not None)


async def login_failed(work: Work[AccountLoginFailed, None]) -> Outcome:
    """The failure is counted, and the fourth locks the address for a while (R37)."""
    account = await accounts.by_address(work.tx, work.message.address)
    return await _judged(work, account, is_right=False)


async def _judged(work: Work[M, P], account: Account | None, *, is_right: bool) -> Outcome:
    before = await logins.of_address(work.tx, work.message.address)
    if before.locked_until is not None and before.locked_until > work.now:
        return _locked(before.locked_until)
    if account is None or not is_right:
        return await _failed(work, account)
    if account.state != "active":
        return Refuse("not_active", "The account is not active (R20).", is_kept=True)
    if is_expired(account.password_expires_on, work.today):
        expired_on = account.password_expires_on.isoformat()
        return Refuse(
            "expired",
            "The password has expired; a reset gives a new one (R35).",
            is_kept=True,
            result={"expired_on": expired_on},
        )
    return await _granted(work, account)


async def _failed(work: Work[M, P], account: Account | None) -> Refuse:
    policy, address = work.policy, work.message.address
    counts_from = work.now - timedelta(minutes=policy.login_window_minutes)
    failures = await logins.failed(work.tx, address, now=work.now, counts_from=counts_from)
    if failures.locked_until is not None and failures.locked_until > work.now:
        return _locked(failures.locked_until)
    if failures.number < policy.login_failures_max:
        return Refuse("wrong", "Address and password do not belong together.", is_kept=True)
    until = work.now + timedelta(minutes=policy.lock_minutes)
    await logins.lock(work.tx, address, until=until)
    if account is not None:
        work.notify(
            "account.locked",
            account.email,
            {"name": account.name, "minutes": policy.lock_minutes},
            occasion=str(work.seq),
        )
    work.publish("account.locked", {"account_id": account.account_id if account is not None else None})
    return _locked(until)


def _locked(until: datetime) -> Refuse:
    return Refuse("locked", "Too many failed logins (R37).", is_kept=True, result={"locked_until": as_text(until)})


async def _granted(work: Work[M, P], account: Account) -> Done:
    await logins.forget(work.tx, work.message.address)
    days_left = (account.password_expires_on - work.today).days
    result: dict[str, JsonValue] = {
        "account_id": account.account_id,
        "role": account.role,
        "password_expires_on": account.password_expires_on.isoformat(),
        "days_left": days_left,
        "remind": days_left <= work.policy.password_warning_days,
    }
    if result["remind"]:
        reminder = password_expiring(
            account.account_id, account.email, account.name, account.password_expires_on, today=work.today
        )
        work.leaving.staged.append(replace(reminder, seq=work.seq))
    result["terms_to_accept"] = await _new_terms(work, account)
    return Done(result)


async def _new_terms(work: Work[M, P], account: Account) -> str | None:
    """Tell of terms in force that the user has not accepted, once a version (R26)."""
    present = await terms.in_force(work.tx, work.today)
    if present is None or await terms.accepted_at(work.tx, account.account_id, present.version) is not None:
        return None
    work.notify(
        "account.terms_updated",
        account.email,
        {"name": account.name, "version": present.version, "effective_on": present.effective_on.isoformat()},
        occasion=f"{account.account_id}:{present.version}",
    )
    return present.version
