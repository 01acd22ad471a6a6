"""Account: what happens to an approved user's access (R20–R38)."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.passwords import open_and_judge
from handlers.registry import Setting
from handlers.rules.passwords import expires_on
from handlers.work import Work
from messages.account import AccountPasswordSet
from store import accounts
from store.contract import Conflict, Transaction


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The hash to keep, and the one it was compared with (None: the account was not known)."""

    password_hash: str
    compared_with: str | None


async def look_password_set(tx: Transaction, message: AccountPasswordSet) -> str | None:
    """Return the hash of the account's present password."""
    account = await accounts.one(tx, message.account_id)
    return account.password_hash if account else None


def prepare_password_set(message: AccountPasswordSet, setting: Setting) -> NewPassword | Refuse:
    """Hash the sealed password if it will do (R30) and differs from the present one (R31)."""
    password = open_and_judge(message.password, setting.envelope, setting.programme)
    if isinstance(password, Refuse):
        return password
    vault = setting.programme.vault
    if setting.seen is not None and vault.is_hash_of(setting.seen, password):
        return Refuse("password_unchanged", "The new password equals the previous one (R31).", field="password")
    return NewPassword(vault.hash(password), compared_with=setting.seen)


async def password_set(work: Work[AccountPasswordSet, NewPassword]) -> Outcome:
    """The new password is in force and its 90 days begin; the warnings for the old one stop (R32, R33)."""
    account = await accounts.one(work.tx, work.message.account_id)
    if account is None:
        return Defer("account_unknown", "No account of this id exists.")
    if account.password_hash != work.prepared.compared_with:
        raise Conflict("The password changed while the new one was hashed.")
    set_at = min(work.message.set_at or work.now, work.now)
    set_on = work.policy.local_date(set_at)
    if set_on < account.password_set_on:
        return Refuse("superseded", "A later password is set already.", field="set_at")
    expiration = expires_on(set_on, work.policy)
    await accounts.set_password(
        work.tx,
        account.account_id,
        password_hash=work.prepared.password_hash,
        set_on=set_on,
        expires_on=expiration,
    )
    work.notify(
        "account.password_changed",
        account.email,
        {"name": account.name, "changed_on": set_on.isoformat()},
        occasion=work.envelope.message_id,
    )
    work.publish("account.password_set", {"account_id": account.account_id, "expires_on": expiration.isoformat()})
    return Done({"expires_on": expiration.isoformat()})
