"""What must be on record before some roles are approved or have full access: agency lists, trainings, authorisations (R8–R10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handlers import registration_notices as notices
from handlers.actors import not_an_administrator, not_fit_to_decide
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.registering import advance, held, role_of
from handlers.work import Work
from messages.approval import ApprovalAdminAuthorised, ApprovalAgencyListReceived, ApprovalTrainingCompleted
from messages.message import same_address
from store import accounts, agencies, registrations
from store.registrations import Registration


async def agency_list_received(work: Work[ApprovalAgencyListReceived, None]) -> Outcome:
    """The list is the agency's present one; registrations of the people on it go on (R8)."""
    message = work.message
    if refused := await not_an_administrator(work, message.administrator):
        return refused
    if message.sent_on > work.today:
        return Refuse("in_the_future", "The list cannot have been sent yet.", field="sent_on")
    present = await agencies.listed_on(work.tx, message.agency)
    if present is not None and message.sent_on < present:
        return Refuse("superseded", "The agency has sent a later list.", field="sent_on")
    await agencies.replace_list(work.tx, message, now=work.now, seq=work.seq)
    async for page in registrations.pending_on_list(work.tx, agencies.same_agency(message.agency)):
        for registration_id in page:
            known = await registrations.one(work.tx, registration_id)
            if known is not None:
                await advance(work, known)
    work.publish(
        "approval.agency_list_received",
        {"agency": message.agency, "sent_on": message.sent_on.isoformat(), "persons": len(message.persons)},
    )
    return Done({"persons": len(message.persons)})


async def training_completed(work: Work[ApprovalTrainingCompleted, None]) -> Outcome:
    """The training is on record; an account that waited for it has full access, and its holder knows (R8)."""
    message = work.message
    known = await held(work, message.registration_id, "training_completed")
    if not isinstance(known, Registration):
        return known
    if refused := await not_fit_to_decide(work, known, message.administrator):
        return refused
    if message.trained_on > work.today:
        return Refuse("in_the_future", "The training cannot have been completed yet.", field="trained_on")
    if not await agencies.train(
        work.tx, known.registration_id, trained_on=message.trained_on, by=message.administrator, now=work.now
    ):
        return Refuse("already_trained", "The training is on record already.", field="registration_id")
    if known.state != "approved":
        await advance(work, known)
    elif role_of(work, known).training and (account := await accounts.one(work.tx, known.registration_id)):
        notices.full_access(work, account)
    work.publish("approval.training_completed", {"registration_id": known.registration_id})
    return DONE


async def admin_authorised(work: Work[ApprovalAdminAuthorised, None]) -> Outcome:
    """The programme manager's word is on record; an administrator may now approve the Admin (R10)."""
    message = work.message
    known = await held(work, message.registration_id, "admin_authorised")
    if not isinstance(known, Registration):
        return known
    if not role_of(work, known).authorised:
        return Refuse("not_needed", "This role needs no authorisation (R10).", field="registration_id")
    if refused := await _not_the_manager(work, known, message.programme_manager):
        return refused
    await advance(work, replace(known, authorised_at=work.now, authorised_by=message.programme_manager))
    work.publish("approval.admin_authorised", {"registration_id": known.registration_id})
    return DONE


async def _not_the_manager(work: Work[Any, Any], known: Registration, address: str) -> Refuse | None:
    manager = work.programme.programme_manager
    if manager is None or same_address(known.email) == same_address(address):
        return await not_fit_to_decide(work, known, address, field="programme_manager")
    if same_address(manager) != same_address(address):
        return Refuse(
            "not_the_programme_manager",
            "Only the programme manager authorises an Admin (R10).",
            field="programme_manager",
        )
    return None
