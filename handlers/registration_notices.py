"""What a registrant, and the supervisors whom a delegate named, are told at each step (R7, R13, R14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import JsonValue

from handlers.links import Link
from handlers.rules.registering import Facts, wanted_documents, wanted_of_applicant
from handlers.rules.roles import Role
from handlers.rules.wording import told_at
from handlers.work import Work
from messages.message import Email
from messages.registration import RegistrationSubmitted
from store.accounts import Account
from store.delegates import SupervisorLink
from store.registrations import Registration

AnyWork = Work[Any, Any]
_PARTICULARS = {
    "phone": "Phone", "specialty": "Specialty", "employer_name": "Employer", "employer_address": "Employer's address",
    "agency_name": "Agency", "badge_number": "Badge number", "csp_number": "CSP number", "dea_number": "DEA number",
    "npi": "NPI", "license_number": "License number", "license_type": "License type", "ncpdp": "NCPDP number",
    "institution_dea_number": "Institution's DEA number", "institution_dea_suffix": "DEA suffix",
}  # fmt: skip
"""Labels of the form's fields (R14); the date of birth stays out of e-mails."""


def received(work: Work[RegistrationSubmitted, Any], role: Role) -> None:
    """The applicant knows that the registration arrived, and what it waits for."""
    message = work.message
    next_steps: list[JsonValue] = [*wanted_of_applicant(Facts(), role)]
    work.notify(
        "registration.received",
        message.email,
        {
            "applicant_name": f"{message.applicant.first_name} {message.applicant.last_name}",
            "role": role.name,
            "reference": message.registration_id,
            "next_steps": next_steps,
        },
        occasion=message.registration_id,
    )


def verification(work: AnyWork, email: Email, name: str, link: Link, *, occasion: str) -> None:
    """The address gets a link by which its holder verifies it (R13)."""
    ends_at = work.now + timedelta(hours=work.policy.verification_hours)
    work.notify(
        "registration.email_verification",
        email,
        {
            "name": name,
            "link": link.fact,
            "expires_at_text": told_at(ends_at, work.policy),
        },
        occasion=occasion,
    )


def documents_wanted(work: AnyWork, known: Registration, facts: Facts, role: Role) -> None:
    """The applicant knows which documents are missing or deficient, and until when they can be sent (R4, R12)."""
    documents: list[JsonValue] = [*wanted_documents(facts, role)]
    last_on = work.policy.local_date(known.state_since) + timedelta(days=work.policy.registration_expiry_days)
    work.notify(
        "registration.documents_wanted",
        known.email,
        {
            "name": known.name,
            "reference": known.registration_id,
            "documents": documents,
            "expires_on": last_on.isoformat(),
        },
        occasion=f"{known.registration_id}:{known.revision}",
    )


def supervisors_asked(work: AnyWork, known: Registration, links: Sequence[SupervisorLink]) -> None:
    """Each supervisor is asked for approval, once, and the applicant knows that they were (R7)."""
    for link in links:
        work.notify(
            "registration.supervisor_asked",
            link.email,
            {"name": link.name, "delegate_name": known.name, "reference": known.registration_id},
            occasion=known.registration_id,
        )
    if links:
        supervisors: list[JsonValue] = [link.name for link in links]
        work.notify(
            "registration.waits_for_supervisor",
            known.email,
            {"name": known.name, "reference": known.registration_id, "supervisors": supervisors},
            occasion=f"{known.registration_id}:{known.revision}",
        )


def supervisors_refused(work: AnyWork, known: Registration, reason: str | None) -> None:
    """The applicant knows that no supervisor is left who could approve (R7)."""
    work.notify(
        "registration.supervisors_refused",
        known.email,
        {"name": known.name, "reference": known.registration_id, "reason": reason},
        occasion=f"{known.registration_id}:{known.revision}",
    )


def information_wanted(work: AnyWork, known: Registration, question: str) -> None:
    """The applicant knows what an administrator asks (R6)."""
    work.notify(
        "registration.information_wanted",
        known.email,
        {"name": known.name, "reference": known.registration_id, "question": question},
        occasion=f"{known.registration_id}:{known.revision}",
    )


def approved(work: AnyWork, known: Registration, supervisors: Sequence[str], *, is_limited: bool) -> None:
    """The registrant has a copy of the approved form's particulars, and knows whether access is still limited (R8)."""
    form = known.applicant.model_dump(exclude_none=True)
    particulars: list[JsonValue] = [["Name", known.name], ["Role", known.role], ["E-mail", known.email]]
    particulars += [[label, str(form[field])] for field, label in _PARTICULARS.items() if field in form]
    particulars += [["Supervisor", name] for name in supervisors]
    work.notify(
        "registration.approved",
        known.email,
        {
            "name": known.name,
            "role": known.role,
            "reference": known.registration_id,
            "decided_on": work.today.isoformat(),
            "particulars": particulars,
            "limited_until": "the 30-minute training in person is completed" if is_limited else None,
        },
        occasion=known.registration_id,
    )


def full_access(work: AnyWork, account: Account) -> None:
    """The user knows that access is full now (R8)."""
    work.notify(
        "registration.full_access",
        account.email,
        {"name": account.name, "role": account.role},
        occasion=account.account_id,
    )


def rejected(work: AnyWork, known: Registration, reason: str) -> None:
    """The applicant knows why (R6)."""
    work.notify(
        "registration.rejected",
        known.email,
        {"name": known.name, "role": known.role, "reference": known.registration_id, "reason": reason},
        occasion=known.registration_id,
    )
