"""Approval: an administrator decides on a registration (R6)."""

from __future__ import annotations

from pydantic import JsonValue

from handlers.outcomes import DONE, Outcome, Refuse
from handlers.registration import UNKNOWN, not_pending
from handlers.rules.passwords import expires_on
from handlers.work import Work
from messages.approval import ApprovalAdministratorDecided
from messages.message import same_address
from store import accounts, registrations
from store.registrations import Registration


async def administrator_decided(work: Work[ApprovalAdministratorDecided, None]) -> Outcome:
    """The registration is approved, its account active, or rejected with the reason; the registrant is told (R6, R14)."""
    message = work.message
    known = await registrations.one(work.tx, message.registration_id)
    if known is None:
        return UNKNOWN
    if known.state != "received":
        return not_pending(known)
    if same_address(message.administrator) == same_address(known.email):
        return Refuse(
            "own_registration",
            "An administrator cannot decide on their own registration (R6).",
            field="administrator",
        )
    await registrations.decide(
        work.tx,
        known.registration_id,
        "approved" if message.decision == "approve" else "rejected",
        now=work.now,
        by=message.administrator,
        reason=message.reason,
    )
    if message.decision == "approve":
        await _approve(work, known)
    else:
        _reject(work, known, message.reason or "")
    return DONE


async def _approve(work: Work[ApprovalAdministratorDecided, None], known: Registration) -> None:
    await accounts.open_account(
        work.tx, known, set_on=work.today, expires_on=expires_on(work.today, work.policy), now=work.now
    )
    particulars: list[JsonValue] = [["Name", known.name], ["Role", known.role], ["E-mail", known.email]]
    work.notify(
        "registration.approved",
        known.email,
        {
            "name": known.name,
            "role": known.role,
            "reference": known.registration_id,
            "decided_on": work.today.isoformat(),
            "particulars": particulars,
        },
        occasion=known.registration_id,
    )
    work.publish("account.approved", {"account_id": known.registration_id, "role": known.role})


def _reject(work: Work[ApprovalAdministratorDecided, None], known: Registration, reason: str) -> None:
    work.notify(
        "registration.rejected",
        known.email,
        {"name": known.name, "role": known.role, "reference": known.registration_id, "reason": reason},
        occasion=known.registration_id,
    )
    work.publish("registration.rejected", {"registration_id": known.registration_id})
