"""Registration: an applicant asks for access, once per address, and proves the address (R1–R4, R13, R14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers.outcomes import DONE, Defer, Refuse
from handlers.registration import prepare_submitted
from handlers.registry import Setting
from handlers.rules.roles import Role, standard_roles
from messages.approval import ApprovalAdministratorDecided
from messages.envelope import Envelope
from messages.registration import (
    RegistrationEmailVerified,
    RegistrationVerificationRequested,
    RegistrationWithdrawn,
)
from store import registrations
from tests.unit.handlers.bench import OPTIONAL, Bench, document_received


async def test_r1_a_registration_is_kept_with_its_terms(bench: Bench) -> None:
    """It is pending, and the terms agreed to stand beside it with their time."""
    assert await bench.send(bench.registration()) == DONE
    known = await bench.store.read(lambda tx: registrations.one(tx, "REG-1"))
    assert known is not None
    assert (known.state, known.name, known.role) == ("email_verification", "Robin Example", "Pharmacist")
    assert await bench.count("registrations WHERE terms_version = '2026-01' AND terms_agreed_at LIKE '2026-06-15T15%'")


async def test_r14_the_applicant_is_told_and_the_portal_hears_of_it(bench: Bench) -> None:
    """What to do next, and the link that verifies the address; the event names no person."""
    await bench.send(bench.registration())
    assert bench.told == [
        ("registration.received", "robin@example.org"),
        ("registration.email_verification", "robin@example.org"),
    ]
    assert bench.mails[0].facts["next_steps"] == [
        "Confirmation of the e-mail address",
        "Notarized identity-verification form: not yet received",
        "Copy of a government-issued photo ID: not yet received",
    ]
    (event,) = bench.events
    assert (event.name, event.facts) == (
        "registration.received", {"registration_id": "REG-1", "role": "Pharmacist"},
    )  # fmt: skip


@pytest.mark.parametrize("role", ["Physician", "Physician ; Assistant", "Nobody"])
async def test_r3_a_role_that_is_none_is_refused(bench: Bench, role: str) -> None:
    """The field is named."""
    outcome = await bench.send(bench.registration(role=role))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("role_unknown", "role")


async def test_r3_a_role_is_kept_as_the_table_writes_it(bench: Bench) -> None:
    """However the portal writes it."""
    await bench.register(role="physician  (md/do)")
    known = await bench.store.read(lambda tx: registrations.one(tx, "REG-1"))
    assert known is not None
    assert known.role == "Physician (MD/DO)"


@pytest.mark.parametrize("role", [role for role in standard_roles() if not role.supervisor], ids=lambda role: role.name)
async def test_r3_every_missing_field_of_the_form_is_named(bench: Bench, role: Role) -> None:
    """At once, so that the applicant mends them in one go; a form with exactly these is taken."""
    empty: dict[str, Any] = dict.fromkeys(OPTIONAL)
    outcome = await bench.send(bench.registration(role=role.name, **empty))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("form_incomplete", f"applicant.{role.fields[0]}")
    assert [(fault.field, fault.code) for fault in outcome.faults] == [
        (f"applicant.{f}", "missing") for f in role.fields
    ]
    assert await bench.send(bench.registration(role=role.name)) == DONE


async def test_r13_the_link_s_secret_verifies_the_address(bench: Bench) -> None:
    """The applicant is told what is missing now, and the portal that the address is verified."""
    await bench.register()
    assert await bench.send(bench.email_verified()) == DONE
    assert bench.told == [("registration.documents_wanted", "robin@example.org")]
    assert bench.mails[0].facts["expires_on"] == "2026-07-15"
    assert [event.name for event in bench.events] == ["registration.email_verified"]
    outcome = await bench.send(bench.email_verified())
    assert isinstance(outcome, Refuse)
    assert outcome.code == "already_verified"


async def test_r13_another_secret_verifies_nothing(bench: Bench) -> None:
    """Nor does that of another registration."""
    await bench.register()
    await bench.register("REG-2", email="sam@example.org")
    for secret in ("x" * 43, bench.links["/verify/REG-2"]):
        outcome = await bench.send(bench.email_verified(secret=secret))
        assert isinstance(outcome, Refuse)
        assert (outcome.code, outcome.field) == ("link_unknown", "token")
    assert await bench.count("registrations WHERE verified_at IS NOT NULL") == 0


async def test_r38_a_secret_sealed_for_another_message_is_refused(bench: Bench) -> None:
    """It cannot be read, and the refusal does not repeat it."""
    await bench.register()
    sealed = bench.seal(bench.links["/verify/REG-1"], "m99")
    outcome = await bench.send(RegistrationEmailVerified(registration_id="REG-1", token=sealed))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("token_not_readable", "token")


@pytest.mark.parametrize(("late", "is_taken"), [(timedelta(seconds=-1), True), (timedelta(), False)])
async def test_r13_a_link_ends_after_its_hours(bench: Bench, late: timedelta, is_taken: bool) -> None:
    """48 by default; after that the portal is told so."""
    await bench.register()
    bench.now += timedelta(hours=48) + late
    outcome = await bench.send(bench.email_verified())
    assert (outcome == DONE) is is_taken
    assert is_taken or (isinstance(outcome, Refuse) and outcome.code == "link_expired")


async def test_r13_a_new_link_makes_the_former_void(bench: Bench) -> None:
    """Sent on request, but not twice in two minutes."""
    await bench.register()
    former = bench.links["/verify/REG-1"]
    request = RegistrationVerificationRequested(registration_id="REG-1")
    outcome = await bench.send(request)
    assert isinstance(outcome, Refuse)
    assert outcome.code == "too_soon"
    bench.now += timedelta(hours=50)
    assert await bench.send(request) == DONE
    assert bench.told == [("registration.email_verification", "robin@example.org")]
    assert isinstance(await bench.send(bench.email_verified(secret=former)), Refuse)
    assert await bench.send(bench.email_verified()) == DONE


async def test_r4_a_document_is_kept_as_a_reference(bench: Bench) -> None:
    """Also when it comes before the address is verified; its id stands once in a registration."""
    await bench.register()
    assert await bench.send(document_received("REG-1", "photo_id", "DOC-1")) == DONE
    outcome = await bench.send(document_received("REG-1", "identity_form", "DOC-1"))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("document_exists", "document_id")
    await bench.send(bench.email_verified())
    assert bench.mails[0].facts["documents"] == ["Notarized identity-verification form: not yet received"]


async def test_r62_nothing_takes_a_document_away(bench: Bench) -> None:
    """A rejected registration's documents stay, with whatever was sent in their place."""
    await bench.register()
    await bench.complete()
    await bench.send(document_received("REG-1", "photo_id", "DOC-2"))
    await bench.send(
        ApprovalAdministratorDecided(
            registration_id="REG-1", decision="reject", administrator="a@example.org", reason="No."
        )
    )
    assert await bench.count("registration_documents") == 3


@pytest.mark.parametrize("email", ["robin@example.org", "Robin@Example.ORG"])
async def test_r2_a_pending_address_cannot_register_again(bench: Bench, email: str) -> None:
    """Nor in other letters; nothing is written and nobody is told but the sender."""
    await bench.send(bench.registration())
    outcome = await bench.send(bench.registration("REG-2", email=email))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("address_in_use", "email")
    assert await bench.count("registrations") == 1
    assert bench.told == []


async def test_r2_an_active_account_holds_its_address(bench: Bench) -> None:
    """After the approval the address is the account's."""
    await bench.open_account()
    outcome = await bench.send(bench.registration("REG-2", email="ROBIN@example.org"))
    assert isinstance(outcome, Refuse)
    assert outcome.code == "address_in_use"


@pytest.mark.parametrize(("state", "is_held"), [("suspended", True), ("revoked", False), ("deactivated", False)])
async def test_r2_a_closed_account_frees_its_address(bench: Bench, state: str, is_held: bool) -> None:
    """A suspended account is not closed."""
    await bench.open_account()
    await bench.change(f"UPDATE accounts SET state = '{state}'")
    outcome = await bench.send(bench.registration("REG-2"))
    assert isinstance(outcome, Refuse) is is_held


@pytest.mark.parametrize("way", ["withdrawn", "rejected"])
async def test_r2_a_closed_registration_frees_its_address(bench: Bench, way: str) -> None:
    """After withdrawal or rejection the same address may register anew."""
    await bench.register()
    await bench.send(bench.email_verified())
    if way == "withdrawn":
        await bench.send(RegistrationWithdrawn(registration_id="REG-1"))
    else:
        await bench.send(
            ApprovalAdministratorDecided(
                registration_id="REG-1", decision="reject", administrator="a@example.org", reason="Not a pharmacist."
            )
        )
    assert await bench.send(bench.registration("REG-2")) == DONE


async def test_a_registration_is_named_once(bench: Bench) -> None:
    """The portal's own name for it belongs to one registration, also with another address."""
    await bench.send(bench.registration())
    outcome = await bench.send(bench.registration("REG-1", email="other@example.org"))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("registration_exists", "registration_id")


async def test_r38_what_is_kept_is_the_hash(bench: Bench) -> None:
    """Neither the password nor its sealed box stands in the store."""
    message = bench.registration()
    await bench.send(message)
    known = await bench.store.read(lambda tx: registrations.one(tx, "REG-1"))
    assert known is not None
    assert known.password_hash.startswith("$argon2id$")
    assert bench.programme.vault.is_hash_of(known.password_hash, "Right-Horse")


@pytest.mark.parametrize(
    ("password", "code"),
    [("short-X", "password_too_weak"), ("no upper case!", "password_too_weak"), ("Right-Horse", None)],
)
def test_r30_a_weak_password_is_refused_before_any_transaction(bench: Bench, password: str, code: str | None) -> None:
    """The refusal names the field and what is lacking, never the password."""
    message = bench.registration().model_copy(update={"password": bench.seal(password)})
    prepared = prepare_submitted(message, Setting(_envelope(bench), bench.programme, bench.now, bench.now, None))
    assert (prepared.code if isinstance(prepared, Refuse) else None) == code
    assert password not in str(prepared)


def test_r38_a_box_sealed_for_another_message_is_refused(bench: Bench) -> None:
    """Whoever copies a sealed password into a message of their own is told that it cannot be read."""
    message = bench.registration().model_copy(update={"password": bench.seal("Right-Horse", "m99")})
    prepared = prepare_submitted(message, Setting(_envelope(bench), bench.programme, bench.now, bench.now, None))
    assert isinstance(prepared, Refuse)
    assert (prepared.code, prepared.field) == ("password_not_readable", "password")


async def test_r2_a_withdrawal_needs_a_pending_registration(bench: Bench) -> None:
    """One that has not arrived is waited for; one that is decided is refused with how it stands."""
    assert isinstance(await bench.send(RegistrationWithdrawn(registration_id="REG-1")), Defer)
    await bench.open_account()
    outcome = await bench.send(RegistrationWithdrawn(registration_id="REG-1"))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.text) == ("not_pending", "The registration is approved already.")


async def test_a_withdrawal_is_told_to_the_portal(bench: Bench) -> None:
    """An event, and no e-mail: the applicant knows."""
    await bench.send(bench.registration())
    assert await bench.send(RegistrationWithdrawn(registration_id="REG-1")) == DONE
    assert bench.told == []
    assert [event.name for event in bench.events] == ["registration.withdrawn"]


def _envelope(bench: Bench) -> Envelope:
    return Envelope(bench.next_id, "registration.submitted", "portal", b"")
