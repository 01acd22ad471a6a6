"""Registration: an applicant asks for access (R1–R4)."""

from __future__ import annotations

from handlers.outcomes import DONE, Defer, Outcome, Refuse
from handlers.passwords import hashed
from handlers.registry import Setting
from handlers.work import Work
from messages.registration import RegistrationSubmitted, RegistrationWithdrawn
from store import registrations
from store.registrations import Registration

UNKNOWN = Defer("registration_unknown", "No registration of this id has arrived.")


def prepare_submitted(message: RegistrationSubmitted, setting: Setting) -> str | Refuse:
    """Return the argon2id hash of the sealed password, or say what it lacks (R30, R38)."""
    return hashed(message.password, setting.envelope, setting.programme)


async def submitted(work: Work[RegistrationSubmitted, str]) -> Outcome:
    """The registration is pending and its applicant told so, unless the address is in use (R1, R2, R14)."""
    message = work.message
    if await registrations.one(work.tx, message.registration_id) is not None:
        return Refuse("registration_exists", "A registration of this id exists already.", field="registration_id")
    if await registrations.address_in_use(work.tx, message.email):
        return Refuse(
            "address_in_use",
            "The address is linked to a pending registration or an active account (R2).",
            field="email",
        )
    await registrations.insert(work.tx, message, password_hash=work.prepared, now=work.now, seq=work.seq)
    work.notify(
        "registration.received",
        message.email,
        {
            "applicant_name": f"{message.applicant.first_name} {message.applicant.last_name}",
            "role": message.role,
            "reference": message.registration_id,
            "next_steps": ["An administrator reviews your registration; please allow two to three weeks."],
        },
        occasion=message.registration_id,
    )
    work.publish("registration.received", {"registration_id": message.registration_id, "role": message.role})
    return DONE


async def withdrawn(work: Work[RegistrationWithdrawn, None]) -> Outcome:
    """The registration is withdrawn and its address free again (R2)."""
    message = work.message
    known = await registrations.one(work.tx, message.registration_id)
    if known is None:
        return UNKNOWN
    if known.state != "received":
        return not_pending(known)
    await registrations.decide(
        work.tx, message.registration_id, "withdrawn", now=work.now, by="applicant", reason=message.reason
    )
    work.publish("registration.withdrawn", {"registration_id": message.registration_id})
    return DONE


def not_pending(known: Registration) -> Refuse:
    """Say that a registration is decided already, and how."""
    return Refuse("not_pending", f"The registration is {known.state} already.", field="registration_id")
