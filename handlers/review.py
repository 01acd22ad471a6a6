"""Review: who reviewed or asks for which patient's record, on whose behalf, and whether they may (R7, R8, R24, R51–R56)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handlers.access import has_full_access
from handlers.conduct import raise_case
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.patients import Named, named
from handlers.rules.roles import Role
from handlers.work import Work
from messages.review import ReviewCaseClosed, ReviewCaseOpened, ReviewRecorded, ReviewRequested
from store import accounts, delegates, reviews, treatments

CASE = "with_case"
_RAISES_A_CASE = frozenset({"no_active_case", "no_queries"})
"""Refusals that are no slip of a form: administrators look into them (R24, R25)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An active account, its role, and whom it acts for: itself, or the supervisor a delegate is linked to, since then."""

    account_id: str
    role: Role
    acts_for: str
    linked_since: datetime | None = None


async def recorded(work: Work[ReviewRecorded, None]) -> Outcome:
    """The review counts for the prescriber it was made for, from its own day on (R51, R52, R56)."""
    message = work.message
    actor = await _actor(work, message.reviewer, message.on_behalf_of, field="reviewer")
    if isinstance(actor, Refuse):
        return actor
    if actor.role.queries not in ("yes", "for_supervisor"):
        return Refuse("no_reviews", "This role reviews no patients.", field="reviewer")
    if message.reviewed_at > work.now:
        return Refuse("in_the_future", "A review is recorded after it was made.", field="reviewed_at")
    if actor.linked_since is not None and message.reviewed_at < actor.linked_since:
        return Refuse("not_linked", "The delegate was not linked when the review was made (R7).", field="reviewed_at")
    patient = await named(work.tx, message.patient)
    if isinstance(patient, Refuse):
        return patient
    await reviews.insert(
        work.tx,
        patient.key,
        part=patient.part,
        reviewer_id=actor.account_id,
        prescriber_id=actor.acts_for,
        numbers=await reviews.numbers_of(work.tx, actor.acts_for),
        reviewed_on=work.policy.local_date(message.reviewed_at),
        reviewed_at=message.reviewed_at,
        seq=work.seq,
    )
    await treatments.mark(work.tx, [patient.key])
    return Done({"patient_id": patient.patient_id})


async def requested(work: Work[ReviewRequested, None]) -> Outcome:
    """The query is granted and recorded as use, or refused and recorded without the patient (R24, R60)."""
    message = work.message
    patient = await _granted(work)
    if isinstance(patient, Refuse):
        refusal = patient
        await reviews.note_refusal(
            work.tx,
            requester_id=message.requester,
            on_behalf_of=message.on_behalf_of,
            code=refusal.code,
            now=work.now,
            seq=work.seq,
        )
        if refusal.code in _RAISES_A_CASE:
            await raise_case(
                work, "unauthorised_use", ground=refusal.code, about=message.requester,
                text=f"The account {message.requester} asked for a patient's record: {refusal.text}",
                account_id=message.requester,
            )  # fmt: skip
        return replace(refusal, is_kept=True)
    await reviews.note_query(
        work.tx,
        patient.key,
        part=patient.part,
        requester_id=message.requester,
        on_behalf_of=message.on_behalf_of,
        case_number=message.case_number,
        now=work.now,
        seq=work.seq,
    )
    return Done({"patient_id": patient.patient_id})


async def _granted(work: Work[ReviewRequested, None]) -> Named | Refuse:
    """Return the patient whose record is opened, or why it is not."""
    refusal = await _refusal(work)
    return refusal if refusal is not None else await named(work.tx, work.message.patient)


async def _refusal(work: Work[ReviewRequested, None]) -> Refuse | None:
    message = work.message
    actor = await _actor(work, message.requester, message.on_behalf_of, field="requester")
    if isinstance(actor, Refuse):
        return actor
    match actor.role.queries:
        case "yes" | "for_supervisor":
            return None
        case "with_case":
            if not await has_full_access(work.tx, actor.account_id, actor.role):
                return Refuse("training_missing", "Full access is granted after the training (R8).")
            number = message.case_number
            if number is not None and await reviews.is_case_active(work.tx, number, actor.account_id, today=work.today):
                return None
            return Refuse("no_active_case", "Law enforcement asks with an active case number of its own (R24).")
        case _:
            return Refuse("no_queries", "This role may not ask for a patient's record.")


async def _actor(work: Work[Any, None], account_id: str, on_behalf_of: str | None, *, field: str) -> Actor | Refuse:
    """Return who acts and for whom, or why they may not: a delegate acts for linked supervisors only (R7, R23)."""
    account = await accounts.one(work.tx, account_id)
    if account is None or account.state != "active":
        return Refuse("account_not_active", f"The {field} has no active account.", field=field)
    role = work.programme.roles.named(account.role)
    if not role.is_delegate:
        if on_behalf_of not in (None, account_id):
            return Refuse("not_a_delegate", "Only a delegate acts for another.", field="on_behalf_of")
        return Actor(account_id, role, account_id)
    if on_behalf_of is None:
        return Refuse("supervisor_missing", "A delegate says for which supervisor it acts.", field="on_behalf_of")
    since = await delegates.linked_since(work.tx, account_id, on_behalf_of)
    if since is None:
        return Refuse("not_linked", "The delegate may not act for this supervisor (R7, R23).", field="on_behalf_of")
    return Actor(account_id, role, on_behalf_of, since)


async def case_opened(work: Work[ReviewCaseOpened, None]) -> Outcome:
    """The case number is active for this account (R24)."""
    message = work.message
    actor = await _actor(work, message.account_id, None, field="account_id")
    if isinstance(actor, Refuse):
        return actor
    if actor.role.queries != CASE:
        return Refuse("no_cases", "This role has no cases.", field="account_id")
    opened = await reviews.open_case(
        work.tx, message.case_number, message.account_id, opened_on=work.today, seq=work.seq
    )
    return DONE if opened else Refuse("case_open", "The case is open already.", field="case_number")


async def case_closed(work: Work[ReviewCaseClosed, None]) -> Outcome:
    """The case number is active no more, at once (R24)."""
    message = work.message
    closed = await reviews.close_case(work.tx, message.case_number, message.account_id, closed_on=work.today)
    return DONE if closed else Refuse("case_not_open", "No case of this number is open.", field="case_number")
