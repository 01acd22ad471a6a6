"""Registration: an applicant asks for access and completes what it lacks (R1–R4, R7, R13). The way: ``rules.registering``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers import registration_notices as notices
from handlers.links import hash_of, new_link
from handlers.outcomes import DONE, Done, Outcome, Refuse
from handlers.passwords import hashed, open_sealed
from handlers.registering import advance, close, held, role_of
from handlers.registry import Setting
from handlers.rules.registering import Facts, standing
from handlers.rules.roles import Role
from handlers.supervisors import supervisors_of
from handlers.work import Work
from messages.errors import FieldFault
from messages.registration import (
    Applicant,
    RegistrationDocumentReceived,
    RegistrationEmailVerified,
    RegistrationInformationSupplied,
    RegistrationSubmitted,
    RegistrationVerificationRequested,
    RegistrationWithdrawn,
)
from store import delegates, documents, registrations
from store.accounts import Account
from store.registrations import Registration


def prepare_submitted(message: RegistrationSubmitted, setting: Setting) -> str | Refuse:
    """Return the argon2id hash of the sealed password, or say what it lacks (R30, R38)."""
    return hashed(message.password, setting.envelope, setting.programme)


async def submitted(work: Work[RegistrationSubmitted, str]) -> Outcome:
    """The registration is pending, its address is to be verified, and the supervisors it names are to be asked (R1–R3, R13)."""
    message = work.message
    if await registrations.one(work.tx, message.registration_id) is not None:
        return Refuse("registration_exists", "A registration of this id exists already.", field="registration_id")
    if await registrations.address_in_use(work.tx, message.email):
        return Refuse(
            "address_in_use",
            "The address is linked to a pending registration or an active account (R2).",
            field="email",
        )
    role = work.programme.roles.find(message.role)
    if role is None:
        return Refuse("role_unknown", "There is no such role (R3); `pmp roles` lists them.", field="role")
    supervisors = await _form_accepted(work, message, role)
    if isinstance(supervisors, Refuse):
        return supervisors
    await _keep(work, role, supervisors)
    return Done(brings=(f"registration_id:{work.message.registration_id}",))


async def _form_accepted(
    work: Work[RegistrationSubmitted, str], message: RegistrationSubmitted, role: Role
) -> list[Account] | Refuse:
    if refused := _incomplete(message.applicant, role):
        return refused
    if role.supervisor and not message.supervisors:
        return Refuse("supervisor_missing", "This role names at least one supervisor (R7).", field="supervisors")
    if message.supervisors and not role.supervisor:
        return Refuse("no_supervisors", "This role has no supervisor (R7).", field="supervisors")
    return await supervisors_of(work, message.supervisors)


def _incomplete(applicant: Applicant, role: Role) -> Refuse | None:
    missing = [f"applicant.{name}" for name in role.missing(applicant)]
    if not missing:
        return None
    faults = tuple(FieldFault(field, "missing", "is required for this role (R3)") for field in missing)
    return Refuse("form_incomplete", "The form lacks required fields (R3).", field=missing[0], faults=faults)


async def _keep(work: Work[RegistrationSubmitted, str], role: Role, supervisors: list[Account]) -> None:
    message = work.message
    link = new_link(work.programme.vault, f"/verify/{message.registration_id}")
    await registrations.insert(
        work.tx,
        message,
        role=role.name,
        state=standing(Facts(), role),
        password_hash=work.prepared,
        verification_hash=link.secret_hash,
        verification_ends_at=work.now + timedelta(hours=work.policy.verification_hours),
        now=work.now,
        seq=work.seq,
    )
    for supervisor in supervisors:
        await delegates.ask(work.tx, message.registration_id, supervisor.account_id, now=work.now)
    notices.received(work, role)
    name = f"{message.applicant.first_name} {message.applicant.last_name}"
    notices.verification(work, message.email, name, link, occasion=message.registration_id)
    work.publish("registration.received", {"registration_id": message.registration_id, "role": role.name})


def prepare_email_verified(message: RegistrationEmailVerified, setting: Setting) -> str | Refuse:
    """Return the hash of the link's secret, or say that it cannot be read (R38)."""
    token = open_sealed(message.token, "token", setting.envelope, setting.programme)
    return token if isinstance(token, Refuse) else hash_of(token)


async def email_verified(work: Work[RegistrationEmailVerified, str]) -> Outcome:
    """The address is verified; supervisors are asked, and the applicant told which documents are missing (R4, R7, R13)."""
    known = await held(work, work.message.registration_id, "email_verified")
    if not isinstance(known, Registration):
        return known
    if work.prepared != known.verification_hash:
        return Refuse("link_unknown", "The link is not the one that was sent last (R13).", field="token")
    if known.verification_ends_at is None or work.now >= known.verification_ends_at:
        return Refuse("link_expired", "The link has expired; a new one can be requested (R13).", field="token")
    saved = await advance(work, replace(known, verified_at=work.now))
    await _ask_supervisors(work, saved, already=frozenset())
    work.publish("registration.email_verified", {"registration_id": known.registration_id})
    return DONE


async def verification_requested(work: Work[RegistrationVerificationRequested, None]) -> Outcome:
    """A new link is on its way, and the former one works no more (R13)."""
    known = await held(work, work.message.registration_id, "verification_requested")
    if not isinstance(known, Registration):
        return known
    life = timedelta(hours=work.policy.verification_hours)
    pause = timedelta(minutes=work.policy.verification_pause_minutes)
    if known.verification_ends_at is not None and work.now < known.verification_ends_at - life + pause:
        return Refuse("too_soon", "A link was sent a moment ago.", field="registration_id")
    link = new_link(work.programme.vault, f"/verify/{known.registration_id}")
    saved = await advance(
        work, replace(known, verification_hash=link.secret_hash, verification_ends_at=work.now + life)
    )
    notices.verification(work, known.email, known.name, link, occasion=f"{known.registration_id}:{saved.revision}")
    return DONE


async def document_received(work: Work[RegistrationDocumentReceived, None]) -> Outcome:
    """The document's reference is kept for ever; of each sort the last one counts (R4, R62)."""
    message = work.message
    known = await held(work, message.registration_id, "document_received")
    if not isinstance(known, Registration):
        return known
    if not await documents.insert(work.tx, message, seq=work.seq):
        return Refuse("document_exists", "The registration has a document of this id.", field="document_id")
    await advance(work, known)
    work.publish(
        "registration.document_received",
        {"registration_id": known.registration_id, "document_id": message.document_id, "document": message.document},
    )
    return DONE


async def information_supplied(work: Work[RegistrationInformationSupplied, None]) -> Outcome:
    """What was asked is answered, the form corrected, or further supervisors named; the registration goes on (R6, R7)."""
    message = work.message
    arrives = "supervisors_named" if message.answer is None and message.applicant is None else "answered"
    known = await held(work, message.registration_id, arrives)
    if not isinstance(known, Registration):
        return known
    role = role_of(work, known)
    if message.applicant is not None and (refused := _incomplete(message.applicant, role)):
        return refused
    if message.supervisors and not role.supervisor:
        return Refuse("no_supervisors", "This role has no supervisor (R7).", field="supervisors")
    supervisors = await supervisors_of(work, message.supervisors)
    if isinstance(supervisors, Refuse):
        return supervisors
    if arrives == "answered":
        await registrations.answer(work.tx, known.registration_id, message.answer, now=work.now)
    before = {link.supervisor_id for link in await delegates.links(work.tx, known.registration_id) if link.is_open}
    for supervisor in supervisors:
        await delegates.ask(work.tx, known.registration_id, supervisor.account_id, now=work.now)
    saved = await advance(work, replace(known, applicant=message.applicant or known.applicant))
    await _ask_supervisors(work, saved, already=frozenset(before))
    work.publish("registration.information_supplied", {"registration_id": known.registration_id})
    return DONE


async def withdrawn(work: Work[RegistrationWithdrawn, None]) -> Outcome:
    """The registration is withdrawn and its address free again (R2)."""
    message = work.message
    known = await held(work, message.registration_id, "withdrawn")
    if not isinstance(known, Registration):
        return known
    await close(work, known, "withdrawn", by="applicant", reason=message.reason)
    work.publish("registration.withdrawn", {"registration_id": message.registration_id})
    return DONE


async def _ask_supervisors(
    work: Work[Any, Any],
    known: Registration,
    *,
    already: frozenset[str],
) -> None:
    """Ask those whom nobody asked yet; before the address is verified nobody is (R13)."""
    if known.verified_at is None:
        return
    links = await delegates.links(work.tx, known.registration_id)
    notices.supervisors_asked(
        work, known, [one for one in links if one.state == "asked" and one.supervisor_id not in already]
    )
