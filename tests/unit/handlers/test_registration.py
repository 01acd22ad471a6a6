"""Registration: an applicant asks for access, once per address (R1, R2, R14)."""

from __future__ import annotations

import pytest

from handlers.outcomes import DONE, Defer, Refuse
from handlers.registration import prepare_submitted
from handlers.registry import Setting
from messages.approval import ApprovalAdministratorDecided
from messages.envelope import Envelope
from messages.registration import RegistrationWithdrawn
from store import registrations
from tests.unit.handlers.bench import Bench, decision


async def test_r1_a_registration_is_kept_with_its_terms(bench: Bench) -> None:
    """It is pending, and the terms agreed to stand beside it with their time."""
    assert await bench.send(bench.registration()) == DONE
    known = await bench.store.read(lambda tx: registrations.one(tx, "REG-1"))
    assert known is not None
    assert (known.state, known.name, known.role) == ("received", "Robin Example", "Pharmacist")
    assert await bench.count("registrations WHERE terms_version = '2026-01' AND terms_agreed_at LIKE '2026-06-15T15%'")


async def test_r14_the_applicant_is_told_and_the_portal_hears_of_it(bench: Bench) -> None:
    """One e-mail to the applicant with the reference; one event that names no person."""
    await bench.send(bench.registration())
    assert bench.told == [("registration.received", "robin@example.org")]
    (event,) = bench.events
    assert (event.name, event.facts) == (
        "registration.received", {"registration_id": "REG-1", "role": "Pharmacist"},
    )  # fmt: skip


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
    await bench.send(bench.registration())
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
    prepared = prepare_submitted(message, Setting(_envelope(bench), bench.programme, bench.now, None))
    assert (prepared.code if isinstance(prepared, Refuse) else None) == code
    assert password not in str(prepared)


def test_r38_a_box_sealed_for_another_message_is_refused(bench: Bench) -> None:
    """Whoever copies a sealed password into a message of their own is told that it cannot be read."""
    message = bench.registration().model_copy(update={"password": bench.seal("Right-Horse", "m99")})
    prepared = prepare_submitted(message, Setting(_envelope(bench), bench.programme, bench.now, None))
    assert isinstance(prepared, Refuse)
    assert (prepared.code, prepared.field) == ("password_not_readable", "password")


async def test_r2_a_withdrawal_needs_a_pending_registration(bench: Bench) -> None:
    """One that has not arrived is waited for; one that is decided is refused with how it stands."""
    assert isinstance(await bench.send(RegistrationWithdrawn(registration_id="REG-1")), Defer)
    await bench.send(bench.registration())
    await bench.send(decision())
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
