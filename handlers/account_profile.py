"""Account: a user's particulars and address change (R22)."""

from __future__ import annotations

from datetime import timedelta

from handlers.account_access import ACCOUNT_UNKNOWN
from handlers.actors import not_an_administrator
from handlers.links import NewLink, is_secret_of, new_link_with_id
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.passwords import open_sealed
from handlers.registry import Setting
from handlers.rules.wording import told_at
from handlers.standing import Scene
from handlers.work import Work
from messages.account import (
    AccountEligibilityKept,
    AccountEmailChangeConfirmed,
    AccountEmailChangeRequested,
    AccountProfileChanged,
)
from messages.message import same_address
from store import accounts, logins, registrations, resets, standing
from store.accounts import Account
from store.contract import Conflict, Transaction
from store.resets import AddressChange

_CLOSED = Refuse("account_closed", "The account is revoked or deactivated (R20).", field="account_id")
_ENDS = frozenset({"ended", "retired"})


def _is_open(account: Account) -> bool:
    return account.state in ("active", "suspended")


async def profile_changed(work: Work[AccountProfileChanged, None]) -> Outcome:
    """The profile is as reported; a change that ends eligibility is put before administrators (R22)."""
    message = work.message
    account = await accounts.hold(work.tx, message.account_id)
    if account is None:
        return ACCOUNT_UNKNOWN
    if not _is_open(account):
        return _CLOSED
    await accounts.set_profile(
        work.tx,
        account,
        first_name=message.first_name or account.first_name,
        last_name=message.last_name or account.last_name,
        facility=message.facility or "",
        job=message.job or "",
        employment=message.employment or "",
    )
    named = sorted(message.model_fields_set - {"account_id"})
    await Scene.of_message(work).record(account.account_id, "profile", "reported", "user", ", ".join(named))
    why = _why_eligibility_ends(message)
    if why is not None:
        await standing.report_eligibility(work.tx, account.account_id, why, work.now)
        work.publish("account.eligibility_in_question", {"account_id": account.account_id, "why": why})
    work.publish("account.profile_changed", {"account_id": account.account_id})
    return Done({"before_administrators": why is not None})


def _why_eligibility_ends(message: AccountProfileChanged) -> str | None:
    if message.employment in _ENDS:
        return f"employment_{message.employment}"
    return "role_given_up" if message.role == "given_up" else None


async def eligibility_kept(work: Work[AccountEligibilityKept, None]) -> Outcome:
    """An administrator looked at the reported change and left the account as it is (R22)."""
    account = await accounts.hold(work.tx, work.message.account_id)
    if account is None:
        return ACCOUNT_UNKNOWN
    if refusal := await not_an_administrator(work, work.message.administrator):
        return refusal
    by = work.message.administrator
    if not await standing.decide_eligibility(work.tx, account.account_id, "kept", by=by, now=work.now):
        return Refuse("nothing_to_look_at", "No change of this account waits for an administrator.", field="account_id")
    await Scene.of_message(work).record(account.account_id, "eligibility_kept", "reported", by)
    return DONE


def prepare_email_change_requested(
    message: AccountEmailChangeRequested,  # noqa: ARG001 - the link is the same whoever asks
    setting: Setting,
) -> NewLink:
    """Make the link."""
    return new_link_with_id(setting.programme.vault, "/confirm-address")


async def email_change_requested(work: Work[AccountEmailChangeRequested, NewLink]) -> Outcome:
    """A link leaves to the new address; an earlier one works no more, and nothing changes until it is used (R22).

    That the address is taken is told as at registration (R2), and only to a user who has logged in.
    """
    message, policy = work.message, work.policy
    account = await accounts.hold(work.tx, message.account_id)
    if account is None:
        return ACCOUNT_UNKNOWN
    if refusal := await _may_not_have(work.tx, account, message.new_email):
        return refusal
    until = work.now + timedelta(hours=policy.address_change_hours)
    change = AddressChange(
        work.prepared.link_id, account.account_id, message.new_email, work.prepared.link.secret_hash, "open", until
    )
    await resets.insert_address_change(work.tx, change, work.now)
    work.notify(
        "account.email_change_confirm",
        message.new_email,
        {"name": account.name, "link": work.prepared.link.fact, "expires_at_text": told_at(until, policy)},
        occasion=str(work.seq),
    )
    return DONE


async def _may_not_have(tx: Transaction, account: Account, address: str) -> Refuse | None:
    if not _is_open(account):
        return _CLOSED
    if same_address(address) == same_address(account.email):
        return Refuse("address_unchanged", "The new address is the present one.", field="new_email")
    if await registrations.address_in_use(tx, address):
        return Refuse(
            "address_in_use",
            "The address is linked to a pending registration or an active account (R2).",
            field="new_email",
        )
    return None


async def look_email_change_confirmed(tx: Transaction, message: AccountEmailChangeConfirmed) -> AddressChange | None:
    """Return the link."""
    return await resets.address_change(tx, message.change_id)


def prepare_email_change_confirmed(message: AccountEmailChangeConfirmed, setting: Setting) -> bool | Refuse:
    """Tell whether the secret is the link's."""
    token = open_sealed(message.token, "token", setting.envelope, setting.programme)
    if isinstance(token, Refuse):
        return token
    change: AddressChange | None = setting.seen
    return change is not None and is_secret_of(token, change.secret_hash)


async def email_change_confirmed(work: Work[AccountEmailChangeConfirmed, bool]) -> Outcome:
    """The new address is in force and the old one told; links sent to the old one work no more (R22)."""
    change = await resets.address_change(work.tx, work.message.change_id)
    if change is None or not work.prepared or change.state != "open" or change.expires_at <= work.now:
        return Refuse("link_not_valid", "The link is unknown, used, replaced or too old (R22).", field="token")
    account = await accounts.hold(work.tx, change.account_id)
    assert account is not None  # accounts are never deleted
    if refusal := await _may_not_have(work.tx, account, change.new_email):
        return refusal
    if not await resets.use_address_change(work.tx, change.change_id):
        raise Conflict("The link was spent or replaced meanwhile.")
    await accounts.set_email(work.tx, account.account_id, change.new_email)
    await resets.replace_all_of(work.tx, account.account_id)
    await logins.forget(work.tx, account.email)
    await Scene.of_message(work).record(account.account_id, "email", "reported", "user")
    work.notify(
        "account.email_changed",
        account.email,
        {"name": account.name, "changed_on": work.today.isoformat()},
        occasion=str(work.seq),
    )
    work.publish("account.email_changed", {"account_id": account.account_id})
    return Done({"account_id": account.account_id})
