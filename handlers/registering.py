"""How a message moves a registration: it is held, a fact changes, the state is derived anew, and whoever must act is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from handlers import registration_notices as notices
from handlers.outcomes import Defer, Refuse
from handlers.rules.registering import MACHINE, WAITS_ON_PROGRAMME, Facts, Judged, Verdict, lacks, standing
from handlers.rules.roles import Role
from handlers.work import Work
from store import agencies, delegates, documents, registrations
from store.contract import Conflict, Transaction
from store.registrations import Closed, Registration

UNKNOWN = Defer("registration_unknown", "No registration of this id has arrived.")
_REFUSED: Mapping[Verdict, str] = MappingProxyType(
    {
        "already_verified": "The address is verified already.",
        "nothing_wanted": "Nothing was asked that is still to be answered.",
        "in_time": "The registration waits on the programme and does not expire.",
    }
)


async def held(work: Work[Any, Any], registration_id: str, arrives: str) -> Registration | Refuse | Defer:
    """Return the registration when its state takes what arrives; otherwise what its sender is told (``MACHINE``)."""
    known = await registrations.one(work.tx, registration_id)
    if known is None:
        return UNKNOWN
    verdict = MACHINE[arrives][known.state]
    if verdict == "taken":
        return known
    if verdict == "not_pending":
        return Refuse(verdict, f"The registration is {known.state} already.", field="registration_id")
    if verdict == "not_ready":
        return await not_ready(work, known) or known  # the facts count, not the state that was derived of earlier ones
    return Refuse(verdict, _REFUSED[verdict])


async def not_ready(work: Work[Any, Any], known: Registration) -> Refuse | None:
    """Say everything that a registration still lacks before it can be approved; None when it lacks nothing (R4–R10, R13)."""
    missing = lacks(await facts_of(work.tx, known), role_of(work, known))
    if not missing:
        return None
    text = "The registration still lacks: " + "; ".join(lack.text for lack in missing) + "."
    return Refuse("not_ready", text, field=missing[0].field, faults=tuple(lack.fault for lack in missing))


def role_of(work: Work[Any, Any], known: Registration) -> Role:
    """Return the role that was registered for."""
    return work.programme.roles.named(known.role)


async def facts_of(tx: Transaction, known: Registration) -> Facts:
    """Gather what is true of a registration so far."""
    links = await delegates.links(tx, known.registration_id)
    agency = known.applicant.agency_name
    return Facts(
        is_verified=known.verified_at is not None,
        documents={
            name: Judged(document.state, document.lacks)
            for name, document in (await documents.latest(tx, known.registration_id)).items()
        },
        is_supervisor_approved=any(link.state == "approved" and link.is_supervisor_active for link in links),
        is_listed=agency is not None and await agencies.is_listed(tx, agency, known.email),
        is_authorised=known.authorised_at is not None,
        has_open_question=await registrations.has_open_question(tx, known.registration_id),
    )


async def advance(work: Work[Any, Any], changed: Registration, *, asked_anew: bool = False) -> Registration:
    """Write a changed fact with the state that all facts make; an applicant who now must send documents is told (R14).

    With ``asked_anew`` the applicant was just asked for something, and the days of R12 begin again.

    Raises:
        Conflict: another change or decision came since the registration was read; the message is handled again.
    """
    facts, role = await facts_of(work.tx, changed), role_of(work, changed)
    state = standing(facts, role)
    is_new = state != changed.state
    begins_anew = is_new or (asked_anew and state not in WAITS_ON_PROGRAMME)
    saved = replace(changed, state=state, state_since=work.now if begins_anew else changed.state_since)
    if not await registrations.save(work.tx, saved):
        raise Conflict("The registration changed meanwhile.")
    saved = replace(saved, revision=saved.revision + 1)
    if state == "documents" and (is_new or asked_anew):
        notices.documents_wanted(work, saved, facts, role)
    return saved


async def close(
    work: Work[Any, Any], known: Registration, state: Closed, *, by: str, reason: str | None = None
) -> None:
    """Write the end of a registration; unless it is approved, its links to supervisors end with it.

    Raises:
        Conflict: another change or decision came since the registration was read; the message is handled again.
    """
    if not await registrations.decide(work.tx, known, state, now=work.now, by=by, reason=reason):
        raise Conflict("The registration changed meanwhile.")
    if state != "approved":
        await delegates.end_all(work.tx, known.registration_id, now=work.now)
