"""An account's causes of suspension come and go; it is active while there is none, and whom that concerns is told (R20–R23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from handlers.rules.standing import CREDENTIALS, State
from handlers.work import Leaving, Programme, Work
from store import accounts, standing
from store.accounts import Account
from store.contract import Transaction
from store.credentials import Held, Kind
from store.standing import Cause, Change

REGISTER = "licensing register"
CLOCK = "date"

CAUSES: dict[Kind, Cause] = {"csp": "credential:csp", "dea": "credential:dea", "license": "credential:license"}


@dataclass(frozen=True, slots=True)
class Scene:
    """Where access changes: the transaction of a message or of a sweep. ``occasion`` makes its e-mails its own."""

    tx: Transaction
    programme: Programme
    leaving: Leaving
    now: datetime
    today: date
    occasion: str

    @classmethod
    def of_message(cls, work: Work[Any, Any]) -> Scene:
        """The transaction of a message."""
        return cls(work.tx, work.programme, work.leaving, work.now, work.today, str(work.seq))

    @classmethod
    def of_sweep(cls, tx: Transaction, today: date, programme: Programme, leaving: Leaving) -> Scene:
        """The transaction of a sweep; what it changes counts from the beginning of its day, whenever it runs."""
        return cls(tx, programme, leaving, programme.policy.day_begins(today), today, today.isoformat())

    async def record(self, account_id: str, what: str, ground: str, actor: str, reason: str | None = None) -> None:
        """The change stands in the account's history (R20)."""
        await standing.record(self.tx, account_id, Change(what, ground, actor, reason, self.now))


async def move(scene: Scene, account: Account, state: State) -> None:
    """The account is in this state; its delegates are told that their links to it rest, or hold again (R23).

    Raises:
        Conflict: another transaction moved it first.
    """
    if state == account.state:
        return
    await accounts.set_state(scene.tx, account, state)
    if "active" not in (account.state, state) or not scene.programme.roles.named(account.role).delegates:
        return
    occasion = f"{account.account_id}:{scene.occasion}"
    async for page in standing.linked_delegates(scene.tx, account.account_id):
        for delegate in page:
            facts = {"name": delegate.name, "supervisor_name": account.name}
            if state == "active":
                scene.leaving.notify("delegate.access_resumed", delegate.email, facts, occasion=occasion)
            else:
                scene.leaving.notify("delegate.access_rests", delegate.email, facts, occasion=occasion)


async def lift(scene: Scene, account: Account, cause: Cause, reason: str, *, actor: str) -> bool:
    """The cause suspends the account no more; when it was the last, the account is active and its holder told.

    Returns False when the cause was not open: nothing happened.
    """
    if not await standing.end(scene.tx, account.account_id, cause, now=scene.now):
        return False
    await scene.record(account.account_id, "suspension_ended", cause, actor, reason)
    if account.state == "suspended" and not await standing.causes(scene.tx, account.account_id):
        await move(scene, account, "active")
        tell_reinstated(scene, account, reason)
    return True


def tell_reinstated(scene: Scene, account: Account, reason: str | None) -> None:
    """The holder and whoever listens learn that the account is active again."""
    scene.leaving.notify(
        "account.reinstated",
        account.email,
        {"name": account.name} if reason is None else {"name": account.name, "reason": reason},
        occasion=f"{account.account_id}:{scene.occasion}",
    )
    scene.leaving.publish("account.reinstated", {"account_id": account.account_id})


async def keep_with_credentials(scene: Scene, held: Iterable[Held]) -> int:
    """Each account is suspended by what it depends on and has lapsed, and by nothing that was renewed (R21).

    Returns how many suspensions began or ended. Running it twice changes nothing.
    """
    changed = 0
    for one in held:
        account = await accounts.hold(scene.tx, one.account_id)
        if account is None or account.state not in ("active", "suspended"):
            continue
        if one.kind not in scene.programme.roles.named(account.role).credentials:
            continue
        cause = CAUSES[one.kind]
        if one.lapses_on > scene.today:
            reason = f"{CREDENTIALS[one.kind]}: the renewal has reached us."
            changed += await lift(scene, account, cause, reason, actor=REGISTER)
        elif cause not in await standing.causes(scene.tx, one.account_id):
            await _lapse(scene, account, one, cause)
            changed += 1
    return changed


async def _lapse(scene: Scene, account: Account, held: Held, cause: Cause) -> None:
    await standing.begin(scene.tx, account.account_id, cause, until_on=None, now=scene.now)
    await scene.record(account.account_id, "suspended", cause, REGISTER)
    await move(scene, account, "suspended")
    scene.leaving.notify(
        "credential.lapsed",
        account.email,
        {
            "name": account.name,
            "credential": CREDENTIALS[held.kind],
            "lapsed_on": held.lapses_on.isoformat(),
        },
        occasion=f"{account.account_id}:{held.kind}:{scene.occasion}",
    )
    scene.leaving.publish("account.suspended", {"account_id": account.account_id, "cause": cause})
