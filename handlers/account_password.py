"""Account: a password is set, or chosen anew by a link (R30–R32, R35, R36, R38)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from handlers.account_access import ACCOUNT_UNKNOWN
from handlers.links import NewLink, is_secret_of, new_link_with_id
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.passwords import NewPassword, open_sealed, renewed
from handlers.registry import Setting
from handlers.rules.passwords import expires_on
from handlers.work import Work
from messages.account import AccountPasswordReset, AccountPasswordResetRequested, AccountPasswordSet
from store import accounts, logins, resets
from store.accounts import Account
from store.contract import Conflict, Transaction
from store.resets import Reset

M = TypeVar("M", AccountPasswordSet, AccountPasswordReset)
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class LinkUsed:
    """The new password, and whether the secret was the link's."""

    password: NewPassword
    is_the_links: bool


def prepare_password_reset_requested(
    message: AccountPasswordResetRequested,  # noqa: ARG001 - the link is the same whoever asks
    setting: Setting,
) -> NewLink:
    """Make the link, for an address that is known or not (R36)."""
    return new_link_with_id(setting.programme.vault, "/reset")


async def password_reset_requested(work: Work[AccountPasswordResetRequested, NewLink]) -> Outcome:
    """A link that works once and for some minutes leaves to the account's address; earlier ones work no more (R36).

    An address that nobody has takes the same statements to the same answer, and nothing leaves to it.
    """
    address, policy = work.message.address, work.policy
    if await resets.asked_since(work.tx, address, work.now - timedelta(hours=1)) >= policy.resets_per_hour:
        return Refuse("too_many_requests", "This address has asked too often within an hour (R36).", field="address")
    account = await accounts.by_address(work.tx, address)
    account_id = account.account_id if account is not None else ""
    until = work.now + timedelta(minutes=policy.reset_minutes)
    reset = Reset(work.prepared.link_id, account_id, work.prepared.link.secret_hash, "open", until)
    await resets.insert(work.tx, address, reset, work.now)
    if account is not None:
        work.notify(
            "account.password_reset",
            account.email,
            {"name": account.name, "link": work.prepared.link.fact, "minutes_valid": policy.reset_minutes},
            occasion=str(work.seq),
        )
    work.publish("account.password_reset_requested", {"account_id": account_id or None})
    return DONE


async def look_password_reset(tx: Transaction, message: AccountPasswordReset) -> tuple[Reset | None, str | None]:
    """Return the link and the hash of its account's present password."""
    reset = await resets.one(tx, message.reset_id)
    account = await accounts.one(tx, reset.account_id) if reset is not None else None
    return reset, account.password_hash if account is not None else None


def prepare_password_reset(message: AccountPasswordReset, setting: Setting) -> LinkUsed | Refuse:
    """Hash the new password if it will do (R30) and differs from the present one (R31); judge the secret.

    Whoever does not know the secret learns nothing of the present password: it is compared for the link's owner only.
    """
    token = open_sealed(message.token, "token", setting.envelope, setting.programme)
    if isinstance(token, Refuse):
        return token
    reset, present = setting.seen
    is_the_links = reset is not None and is_secret_of(token, reset.secret_hash)
    password = renewed(message.password, present if is_the_links else None, setting.envelope, setting.programme)
    return password if isinstance(password, Refuse) else LinkUsed(password, is_the_links)


async def password_reset(work: Work[AccountPasswordReset, LinkUsed]) -> Outcome:
    """The new password is in force, the link is spent, and a lock or an expired password is no obstacle any more (R35–R37)."""
    refusal = Refuse("link_not_valid", "The link is unknown, used, replaced or too old (R36).", field="token")
    reset = await resets.one(work.tx, work.message.reset_id)
    if reset is None or not work.prepared.is_the_links or reset.state != "open" or reset.expires_at <= work.now:
        return refusal
    account = await accounts.hold(work.tx, reset.account_id)
    if account is None or account.state not in ("active", "suspended"):
        return refusal
    if account.password_hash != work.prepared.password.compared_with:
        raise Conflict("The password changed while the new one was hashed.")
    if not await resets.use(work.tx, reset.reset_id):
        raise Conflict("The link was spent or replaced meanwhile.")
    await logins.forget(work.tx, account.email)
    return await _in_force(work, account, work.prepared.password, work.today)


async def look_password_set(tx: Transaction, message: AccountPasswordSet) -> str | None:
    """Return the hash of the account's present password."""
    account = await accounts.one(tx, message.account_id)
    return account.password_hash if account else None


def prepare_password_set(message: AccountPasswordSet, setting: Setting) -> NewPassword | Refuse:
    """Hash the sealed password if it will do (R30) and differs from the present one (R31)."""
    return renewed(message.password, setting.seen, setting.envelope, setting.programme)


async def password_set(work: Work[AccountPasswordSet, NewPassword]) -> Outcome:
    """The new password is in force and its 90 days begin; the warnings for the old one stop (R32, R33)."""
    account = await accounts.hold(work.tx, work.message.account_id)
    if account is None:
        return ACCOUNT_UNKNOWN
    if account.state in ("revoked", "deactivated"):
        return Refuse("account_closed", f"The account is {account.state} (R20).", field="account_id")
    if account.password_hash != work.prepared.compared_with:
        raise Conflict("The password changed while the new one was hashed.")
    set_on = work.policy.local_date(min(work.message.set_at or work.now, work.now))
    if set_on < account.password_set_on:
        return Refuse("superseded", "A later password is set already.", field="set_at")
    return await _in_force(work, account, work.prepared, set_on)


async def _in_force(work: Work[M, P], account: Account, password: NewPassword, set_on: date) -> Done:
    expiration = expires_on(set_on, work.policy)
    await accounts.set_password(
        work.tx,
        account.account_id,
        password_hash=password.password_hash,
        replaces=account.password_hash,
        set_on=set_on,
        expires_on=expiration,
    )
    await resets.replace_all_of(work.tx, account.account_id)
    work.notify(
        "account.password_changed",
        account.email,
        {"name": account.name, "changed_on": set_on.isoformat()},
        occasion=str(work.seq),
    )
    work.publish("account.password_set", {"account_id": account.account_id, "expires_on": expiration.isoformat()})
    return Done({"expires_on": expiration.isoformat()})
