"""Delegate: links between accounts are asked for, decided, ended and confirmed (R7, R23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from handlers.outcomes import DONE, Outcome, Refuse
from handlers.supervisors import link_decided, supervisor_of
from handlers.work import Work
from messages.delegate import DelegateConfirmed, DelegateDecided, DelegateLinked, DelegateUnlinked
from messages.errors import FieldFault
from messages.message import same_address
from store import accounts, delegates
from store.accounts import Account


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two ends of a link."""

    delegate: Account
    supervisor: Account


async def linked(work: Work[DelegateLinked, None]) -> Outcome:
    """A supervisor is asked for approval; a delegate whom a supervisor adds may act for that one at once (R7, R23)."""
    message = work.message
    pair = await _pair(work, message.delegate, message.supervisor)
    if isinstance(pair, Refuse):
        return pair
    ids = pair.delegate.account_id, pair.supervisor.account_id
    is_new = await delegates.ask(work.tx, *ids, now=work.now)
    if message.by == "supervisor":
        if not await delegates.decide(work.tx, *ids, "approved", now=work.now):
            return Refuse("already_linked", "The link is approved already.", field="delegate")
        link_decided(work, pair.delegate, pair.supervisor, "approved", None)
    elif is_new:
        work.notify(
            "delegate.link_asked",
            pair.supervisor.email,
            {"name": pair.supervisor.name, "delegate_name": pair.delegate.name},
            occasion=work.envelope.message_id,
        )
    else:
        return Refuse("already_linked", "The link is asked for or approved already.", field="supervisor")
    _publish(work, "delegate.linked", pair, state="approved" if message.by == "supervisor" else "asked")
    return DONE


async def decided(work: Work[DelegateDecided, None]) -> Outcome:
    """The link is approved or stays refused until it is asked for anew; the delegate is told (R23)."""
    message = work.message
    pair = await _pair(work, message.delegate, message.supervisor)
    if isinstance(pair, Refuse):
        return pair
    ids = pair.delegate.account_id, pair.supervisor.account_id
    decision: Literal["approved", "refused"] = "approved" if message.decision == "approve" else "refused"
    if not await delegates.decide(work.tx, *ids, decision, now=work.now, reason=message.reason):
        return Refuse("nothing_asked", "No link of these two waits for a decision.", field="delegate")
    link_decided(work, pair.delegate, pair.supervisor, decision, message.reason)
    _publish(work, "delegate.decided", pair, state=decision)
    return DONE


async def unlinked(work: Work[DelegateUnlinked, None]) -> Outcome:
    """The delegate may no longer act for the supervisor, at once; the delegate is told when the supervisor ends it (R23)."""
    message = work.message
    delegate = await accounts.by_address(work.tx, message.delegate)
    supervisor = await accounts.by_address(work.tx, message.supervisor)
    if delegate is None or supervisor is None:
        field = "delegate" if delegate is None else "supervisor"
        return Refuse("account_unknown", "No open account has this address.", field=field)
    pair = _Pair(delegate, supervisor)
    ids = delegate.account_id, supervisor.account_id
    if not await delegates.end(work.tx, *ids, now=work.now, reason=message.reason):
        return Refuse("not_linked", "There is no link to end.", field="delegate")
    if message.by == "supervisor":
        link_decided(work, delegate, supervisor, "ended", message.reason)
    _publish(work, "delegate.unlinked", pair, state="ended")
    return DONE


async def confirmed(work: Work[DelegateConfirmed, None]) -> Outcome:
    """The roster is confirmed as it stands, and asked for again in 180 days; another list than the present is refused (R23)."""
    message = work.message
    supervisor = await supervisor_of(work, message.supervisor)
    if isinstance(supervisor, Refuse):
        return supervisor
    present = set()
    async for page in delegates.roster(work.tx, supervisor.account_id):
        present |= {same_address(one.email) for one in page}
    given = [same_address(one) for one in message.delegates]
    faults = [
        FieldFault(f"delegates.{place}", "not_on_roster", "is not on the roster")
        for place, one in enumerate(given)
        if one not in present
    ]
    if present - set(given):
        faults.append(FieldFault("delegates", "incomplete", "leaves out somebody who is on the roster"))
    if faults:
        text = "The roster is not as it was confirmed: look at it anew (R23)."
        return Refuse("roster_differs", text, field=faults[0].field, faults=tuple(faults))
    await delegates.confirm(work.tx, supervisor.account_id, now=work.now)
    work.publish("delegate.confirmed", {"supervisor_id": supervisor.account_id, "delegates": len(present)})
    return DONE


async def _pair(work: Work[Any, Any], delegate_address: str, supervisor_address: str) -> _Pair | Refuse:
    supervisor = await supervisor_of(work, supervisor_address)
    if isinstance(supervisor, Refuse):
        return supervisor
    delegate = await accounts.by_address(work.tx, delegate_address)
    if delegate is None or delegate.state != "active":
        return Refuse("delegate_unknown", "No active account has this address (R23).", field="delegate")
    if not work.programme.roles.named(delegate.role).is_delegate:
        return Refuse("not_a_delegate", "The role of this account does not act for others (R7).", field="delegate")
    return _Pair(delegate, supervisor)


def _publish(work: Work[Any, Any], event: str, pair: _Pair, *, state: str) -> None:
    work.publish(
        event,
        {"delegate_id": pair.delegate.account_id, "supervisor_id": pair.supervisor.account_id, "state": state},
    )
