"""Approval: supervisors and administrators decide on a registration (R4, R6, R7); ``agency_records`` holds R8–R10."""

from __future__ import annotations

from typing import Any

from handlers import registration_notices as notices
from handlers.access import is_access_limited
from handlers.actors import not_fit_to_decide
from handlers.agency_records import admin_authorised, agency_list_received, training_completed
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.registering import advance, close, held, not_ready, role_of
from handlers.rules.passwords import expires_on
from handlers.standing import Scene, keep_with_credentials
from handlers.supervisors import link_decided, supervisor_of
from handlers.work import Work
from messages.approval import ApprovalAdministratorDecided, ApprovalDocumentJudged, ApprovalSupervisorDecided
from store import accounts, credentials, delegates, documents, registrations
from store.registrations import Registration

__all__ = [
    "admin_authorised",
    "administrator_decided",
    "agency_list_received",
    "document_judged",
    "supervisor_decided",
    "training_completed",
]


async def supervisor_decided(work: Work[ApprovalSupervisorDecided, None]) -> Outcome:
    """The supervisor's decision stands; one approval is enough to go on, and the delegate hears when none is left (R7)."""
    message = work.message
    known = await held(work, message.registration_id, "supervisor_decided")
    if not isinstance(known, Registration):
        return known
    supervisor = await supervisor_of(work, message.supervisor)
    if isinstance(supervisor, Refuse):
        return supervisor
    is_approval = message.decision == "approve"
    if not await delegates.decide(
        work.tx,
        known.registration_id,
        supervisor.account_id,
        "approved" if is_approval else "refused",
        now=work.now,
        reason=message.reason,
    ):
        return Refuse(
            "nothing_asked", "This supervisor was not asked, or has decided already (R7).", field="supervisor"
        )
    if known.state != "approved":
        await _supervisor_moves(work, known, message)
    elif (account := await accounts.one(work.tx, known.registration_id)) is not None:
        link_decided(work, account, supervisor, "approved" if is_approval else "refused", message.reason)
    work.publish(
        "approval.supervisor_decided",
        {
            "registration_id": known.registration_id,
            "supervisor_id": supervisor.account_id,
            "decision": message.decision,
        },
    )
    return DONE


async def _supervisor_moves(work: Work[Any, Any], known: Registration, message: ApprovalSupervisorDecided) -> None:
    is_anyone_left = any(link.is_open for link in await delegates.links(work.tx, known.registration_id))
    saved = await advance(work, known, asked_anew=not is_anyone_left)
    if not is_anyone_left:
        notices.supervisors_refused(work, saved, message.reason)


async def document_judged(work: Work[ApprovalDocumentJudged, None]) -> Outcome:
    """The document is accepted, or found deficient and the applicant told in what (R4, R14)."""
    message = work.message
    known = await held(work, message.registration_id, "document_judged")
    if not isinstance(known, Registration):
        return known
    if refused := await not_fit_to_decide(work, known, message.administrator):
        return refused
    if not await documents.judge(
        work.tx,
        known.registration_id,
        message.document_id,
        message.verdict,
        lacks=message.deficiencies,
        by=message.administrator,
        now=work.now,
    ):
        return Refuse("document_unknown", "The registration has no document of this id.", field="document_id")
    await advance(work, known, asked_anew=message.verdict == "deficient")
    work.publish(
        "approval.document_judged",
        {
            "registration_id": known.registration_id,
            "document_id": message.document_id,
            "verdict": message.verdict,
        },
    )
    return DONE


async def administrator_decided(work: Work[ApprovalAdministratorDecided, None]) -> Outcome:
    """The registration is approved, rejected with the reason, or pauses for more information; the registrant is told (R6)."""
    message = work.message
    known = await held(work, message.registration_id, message.decision)
    if not isinstance(known, Registration):
        return known
    if refused := await not_fit_to_decide(work, known, message.administrator):
        return refused
    match message.decision:
        case "approve":
            return await _approve(work, known)
        case "reject":
            return await _reject(work, known, message.reason or "")
        case "want_information":
            return await _want_information(work, known, message.question or "")


async def _approve(work: Work[ApprovalAdministratorDecided, None], known: Registration) -> Outcome:
    if refused := await not_ready(work, known):
        return refused
    await close(work, known, "approved", by=work.message.administrator, reason=work.message.reason)
    await accounts.open_account(
        work.tx, known, set_on=work.today, expires_on=expires_on(work.today, work.policy), now=work.now
    )
    links = await delegates.links(work.tx, known.registration_id)
    is_limited = await is_access_limited(work.tx, known.registration_id, role_of(work, known))
    supervisors = [link.name for link in links if link.state == "approved"]
    notices.approved(work, known, supervisors, is_limited=is_limited)
    work.publish(
        "account.approved",
        {
            "account_id": known.registration_id,
            "role": known.role,
            "access": "limited" if is_limited else "full",
        },
    )
    # R21: what lapsed while the registration waited suspends the account at once, not only at the next day's sweep.
    await keep_with_credentials(Scene.of_message(work), await credentials.held_by(work.tx, known.registration_id))
    return Done(brings=(f"account_id:{known.registration_id}",))


async def _reject(work: Work[ApprovalAdministratorDecided, None], known: Registration, reason: str) -> Outcome:
    await close(work, known, "rejected", by=work.message.administrator, reason=reason)
    notices.rejected(work, known, reason)
    work.publish("registration.rejected", {"registration_id": known.registration_id})
    return DONE


async def _want_information(
    work: Work[ApprovalAdministratorDecided, None], known: Registration, question: str
) -> Outcome:
    await registrations.ask(work.tx, known.registration_id, question, by=work.message.administrator, now=work.now)
    saved = await advance(work, known, asked_anew=True)
    notices.information_wanted(work, saved, question)
    work.publish("registration.information_wanted", {"registration_id": known.registration_id})
    return DONE
