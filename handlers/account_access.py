"""Account: an administrator takes access away or gives it back (R20)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from handlers.actors import not_an_administrator
from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.rules.standing import NEXT, Act, State, in_words
from handlers.standing import CAUSES, Scene, move, tell_reinstated
from handlers.work import Work
from messages.account import AccountDeactivated, AccountReinstated, AccountRevoked, AccountSuspended
from store import accounts, credentials, registrations, standing
from store.accounts import Account

ACCOUNT_UNKNOWN = Defer("account_unknown", "No account of this id exists.")

M = TypeVar("M", AccountSuspended, AccountRevoked, AccountDeactivated, AccountReinstated)
_DONE: dict[Act, str] = {
    "suspend": "suspended",
    "revoke": "revoked",
    "deactivate": "deactivated",
    "reinstate": "reinstated",
}


async def _decided(
    work: Work[M, None], act: Act, do: Callable[[Work[M, None], Account, State], Awaitable[Outcome]]
) -> Outcome:
    """An administrator's decision on an account that may become this is carried out; any other is refused."""
    account = await accounts.hold(work.tx, work.message.account_id)
    if account is None:
        return ACCOUNT_UNKNOWN
    if refusal := await not_an_administrator(work, work.message.administrator):
        return refusal
    state = NEXT[account.state][act]
    if state is None:
        return Refuse(
            "not_possible", f"An account that is {account.state} cannot be {_DONE[act]} (R20).", field="account_id"
        )
    return await do(work, account, state)


async def suspended(work: Work[AccountSuspended, None]) -> Outcome:
    """The account is suspended until a date or further notice, its holder and resting delegates are told (R20, R23)."""
    if work.message.until is not None and work.message.until <= work.today:
        return Refuse("until_is_past", "A suspension ends after today (R20).", field="until")
    return await _decided(work, "suspend", _suspend)


async def _suspend(work: Work[AccountSuspended, None], account: Account, state: State) -> Outcome:
    message, scene = work.message, Scene.of_message(work)
    await standing.begin(work.tx, account.account_id, "administrator", until_on=message.until, now=work.now)
    await scene.record(account.account_id, "suspended", message.ground, message.administrator, message.reason)
    await standing.decide_eligibility(work.tx, account.account_id, "closed", by=message.administrator, now=work.now)
    await move(scene, account, state)
    work.notify(
        "account.suspended",
        account.email,
        {
            "name": account.name,
            "reason": in_words(message.ground, message.reason),
            "until": message.until.isoformat() if message.until else None,
        },
        occasion=str(work.seq),
    )
    work.publish("account.suspended", {"account_id": account.account_id, "cause": "administrator"})
    return Done({"state": state})


async def revoked(work: Work[AccountRevoked, None]) -> Outcome:
    """The account's access is revoked, its holder and resting delegates are told (R20, R23)."""
    return await _decided(work, "revoke", _revoke)


async def _revoke(work: Work[AccountRevoked, None], account: Account, state: State) -> Outcome:
    await _close(work, account, state)
    work.notify(
        "account.revoked",
        account.email,
        {"name": account.name, "reason": in_words(work.message.ground, work.message.reason)},
        occasion=str(work.seq),
    )
    work.publish("account.revoked", {"account_id": account.account_id})
    return Done({"state": state})


async def deactivated(work: Work[AccountDeactivated, None]) -> Outcome:
    """The account is deactivated and its address free again, its holder and resting delegates are told (R2, R20, R23)."""
    return await _decided(work, "deactivate", _deactivate)


async def _deactivate(work: Work[AccountDeactivated, None], account: Account, state: State) -> Outcome:
    await _close(work, account, state)
    work.notify(
        "account.deactivated",
        account.email,
        {"name": account.name, "reason": in_words(work.message.ground, work.message.reason)},
        occasion=str(work.seq),
    )
    work.publish("account.deactivated", {"account_id": account.account_id})
    return Done({"state": state})


async def _close(
    work: Work[AccountRevoked, None] | Work[AccountDeactivated, None], account: Account, state: State
) -> None:
    message, scene = work.message, Scene.of_message(work)
    await scene.record(account.account_id, state, message.ground, message.administrator, message.reason)
    await standing.decide_eligibility(work.tx, account.account_id, "closed", by=message.administrator, now=work.now)
    await move(scene, account, state)


async def reinstated(work: Work[AccountReinstated, None]) -> Outcome:
    """The account is active and its holder told, unless a credential that has lapsed keeps it suspended (R20, R21)."""
    return await _decided(work, "reinstate", _reinstate)


async def _reinstate(work: Work[AccountReinstated, None], account: Account, state: State) -> Outcome:
    message, scene = work.message, Scene.of_message(work)
    open_causes = await standing.causes(work.tx, account.account_id)
    if account.state == "suspended" and "administrator" not in open_causes:
        return Refuse(
            "credential_lapsed",
            "The account is suspended until its credential is renewed (R21); no administrator suspended it.",
            field="account_id",
        )
    if account.state != "suspended" and await registrations.address_in_use(work.tx, account.email):
        return Refuse(
            "address_in_use",
            "The account's address is linked to a pending registration or an active account (R2).",
            field="account_id",
        )
    await standing.end(work.tx, account.account_id, "administrator", now=work.now)
    await scene.record(account.account_id, "reinstated", "administrator", message.administrator, message.reason)
    if await _lacks_credentials(scene, account):
        state = "suspended"
    await move(scene, account, state)
    if state == "active":
        tell_reinstated(scene, account, message.reason)
    return Done({"state": state})


async def _lacks_credentials(scene: Scene, account: Account) -> bool:
    """Bring the causes up to date that nobody followed while the account was closed; tell whether one is left (R21)."""
    needed = scene.programme.roles.named(account.role).credentials
    for held in await credentials.held_by(scene.tx, account.account_id):
        cause = CAUSES[held.kind]
        if held.kind in needed and held.lapses_on <= scene.today:
            await standing.begin(scene.tx, account.account_id, cause, until_on=None, now=scene.now)
        else:
            await standing.end(scene.tx, account.account_id, cause, now=scene.now)
    return bool(await standing.causes(scene.tx, account.account_id))
