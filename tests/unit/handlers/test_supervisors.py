"""A delegate's registration needs two approvals, the supervisor's first (R7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from handlers.outcomes import DONE, Defer, Outcome, Refuse
from messages.approval import ApprovalSupervisorDecided
from messages.registration import RegistrationInformationSupplied, RegistrationWithdrawn
from store import delegates, registrations
from tests.unit.handlers.bench import Bench, decision, document_received

DELEGATE = "Prescriber Delegate – Licensed"
SAM, ALEX, KIM = "sam@example.org", "alex@example.org", "kim@example.org"


@pytest.fixture
async def bench(bench: Bench) -> Bench:
    """Two prescribers and a pharmacist have accounts."""
    await bench.open_account("SAM", email=SAM, role="Dentist")
    await bench.open_account("ALEX", email=ALEX, role="Podiatrist")
    await bench.open_account("KIM", email=KIM, role="Pharmacist")
    return bench


def supervisor_decides(
    supervisor: str, word: Literal["approve", "refuse"] = "approve", reason: str | None = None
) -> ApprovalSupervisorDecided:
    return ApprovalSupervisorDecided(registration_id="REG-1", supervisor=supervisor, decision=word, reason=reason)


async def _register(bench: Bench, *supervisors: str) -> None:
    await bench.register(role=DELEGATE, supervisors=supervisors)


async def _state(bench: Bench) -> str:
    known = await bench.store.read(lambda tx: registrations.one(tx, "REG-1"))
    assert known is not None
    return known.state


async def _may_act(bench: Bench, supervisor_id: str) -> bool:
    return await bench.store.read(lambda tx: delegates.may_act(tx, "REG-1", supervisor_id))


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refuse)
    return outcome.code


async def test_r7_the_supervisor_is_asked_when_the_address_is_verified(bench: Bench) -> None:
    """Each that was named, once; the delegate knows that they were."""
    await _register(bench, SAM, ALEX, SAM.upper())
    assert [name for name, _ in bench.told] == ["registration.received", "registration.email_verification"]
    await bench.send(bench.email_verified())
    assert bench.told == [
        ("registration.documents_wanted", "robin@example.org"),
        ("registration.supervisor_asked", SAM),
        ("registration.supervisor_asked", ALEX),
        ("registration.waits_for_supervisor", "robin@example.org"),
    ]


async def test_r7_both_approvals_the_supervisor_s_first(bench: Bench) -> None:
    """Before it an administrator cannot approve; after it they can, and the delegate may act for who approved."""
    await _register(bench, SAM, ALEX)
    await bench.complete()
    outcome = await bench.send(decision())
    assert isinstance(outcome, Refuse)
    assert [(fault.field, fault.code) for fault in outcome.faults] == [("supervisors", "supervisor_missing")]
    assert await bench.send(supervisor_decides(SAM)) == DONE
    assert await _state(bench) == "administrator"
    assert not await _may_act(bench, "SAM")
    assert await bench.send(decision()) == DONE
    particulars = bench.mails[0].facts["particulars"]
    assert isinstance(particulars, list)
    assert particulars.count(["Supervisor", "Robin Example"]) == 1
    assert await _may_act(bench, "SAM")
    assert not await _may_act(bench, "ALEX")


async def test_r7_a_supervisor_may_decide_after_the_administrator(bench: Bench) -> None:
    """The delegate is told, and may act for that one too."""
    await _register(bench, SAM, ALEX)
    await bench.complete()
    await bench.send(supervisor_decides(SAM))
    await bench.send(decision())
    assert await bench.send(supervisor_decides(ALEX)) == DONE
    assert bench.told == [("delegate.link_decided", "robin@example.org")]
    assert await _may_act(bench, "ALEX")


async def test_r7_an_early_approval_is_kept(bench: Bench) -> None:
    """A supervisor may approve before the address is verified and the documents have come."""
    await _register(bench, SAM)
    assert await bench.send(supervisor_decides(SAM)) == DONE
    assert await _state(bench) == "email_verification"
    await bench.send(bench.email_verified())
    assert bench.told == [("registration.documents_wanted", "robin@example.org")]


async def test_r7_when_all_refuse_the_delegate_may_name_another(bench: Bench) -> None:
    """One refusal says nothing yet; the last is told, with its reason; the one who is named then is asked."""
    await _register(bench, SAM, ALEX)
    await bench.complete()
    await bench.send(supervisor_decides(SAM, "refuse", "I do not know this person."))
    assert bench.told == []
    await bench.send(supervisor_decides(ALEX, "refuse", "Nor do I."))
    assert bench.told == [("registration.supervisors_refused", "robin@example.org")]
    assert bench.mails[0].facts["reason"] == "Nor do I."
    assert await _state(bench) == "supervisor"
    await bench.open_account("LEE", email="lee@example.org", role="Dentist")
    named = RegistrationInformationSupplied(registration_id="REG-1", supervisors=("lee@example.org",))
    assert await bench.send(named) == DONE
    assert bench.told == [
        ("registration.supervisor_asked", "lee@example.org"),
        ("registration.waits_for_supervisor", "robin@example.org"),
    ]
    await bench.send(supervisor_decides("lee@example.org"))
    assert await bench.send(decision()) == DONE


async def test_r7_a_supervisor_decides_once(bench: Bench) -> None:
    """A refusal stays until the delegate asks anew."""
    await _register(bench, SAM)
    await bench.complete()
    await bench.send(supervisor_decides(SAM, "refuse"))
    assert _code(await bench.send(supervisor_decides(SAM))) == "nothing_asked"
    await bench.send(RegistrationInformationSupplied(registration_id="REG-1", supervisors=(SAM,)))
    assert await bench.send(supervisor_decides(SAM)) == DONE


@pytest.mark.parametrize(
    ("supervisor", "code"),
    [
        (ALEX, "nothing_asked"), (KIM, "not_a_supervisor"), ("nobody@example.org", "supervisor_unknown"),
        ("robin@example.org", "supervisor_unknown"),
    ],
)  # fmt: skip
async def test_r7_only_a_named_prescriber_decides(bench: Bench, supervisor: str, code: str) -> None:
    """Neither another prescriber, nor a pharmacist, nor the delegate."""
    await _register(bench, SAM)
    assert _code(await bench.send(supervisor_decides(supervisor))) == code


@pytest.mark.parametrize(
    ("supervisors", "faults"),
    [
        ((KIM,), [("supervisors.0", "not_a_supervisor")]),
        ((SAM, "nobody@example.org", KIM), [("supervisors.1", "supervisor_unknown"), ("supervisors.2", "not_a_supervisor")]),
    ],
)  # fmt: skip
async def test_r7_who_may_not_have_delegates_is_named_by_place(
    bench: Bench, supervisors: tuple[str, ...], faults: list[tuple[str, str]]
) -> None:
    """Every place at fault, at once."""
    outcome = await bench.send(bench.registration(role=DELEGATE, supervisors=supervisors))
    assert isinstance(outcome, Refuse)
    assert [(fault.field, fault.code) for fault in outcome.faults] == faults


async def test_r7_a_delegate_has_no_delegates_and_needs_a_supervisor(bench: Bench) -> None:
    """Nor does a pharmacist name one."""
    assert _code(await bench.send(bench.registration(role=DELEGATE))) == "supervisor_missing"
    assert _code(await bench.send(bench.registration(supervisors=(SAM,)))) == "no_supervisors"
    await bench.open_account(role=DELEGATE, supervisors=(SAM,))
    other = bench.registration("REG-2", email="pat@example.org", role=DELEGATE, supervisors=("robin@example.org",))
    assert _code(await bench.send(other)) == "not_a_supervisor"


@pytest.mark.parametrize("state", ["suspended", "revoked", "deactivated"])
async def test_r7_an_approval_counts_while_the_supervisor_is_active(bench: Bench, state: str) -> None:
    """Somebody suspended since has approved nothing; the sweep puts the registration back to where it stands."""
    await _register(bench, SAM)
    await bench.complete()
    await bench.send(supervisor_decides(SAM))
    await bench.change(f"UPDATE accounts SET state = '{state}' WHERE account_id = 'SAM'")
    assert _code(await bench.send(decision())) == "not_ready"
    assert await bench.sweep(bench.today, "registration_ageing") == []
    assert await _state(bench) == "supervisor"
    await bench.change("UPDATE accounts SET state = 'active' WHERE account_id = 'SAM'")
    assert await bench.send(decision()) == DONE


async def test_r7_r11_a_reinstated_supervisor_s_approval_counts_from_the_next_morning_on(bench: Bench) -> None:
    """The registration is before the administrators again with the next sweep, and stands in their daily list."""
    await _register(bench, SAM)
    await bench.complete()
    await bench.send(supervisor_decides(SAM))
    await bench.change("UPDATE accounts SET state = 'suspended' WHERE account_id = 'SAM'")
    await bench.sweep(bench.today, "registration_ageing")
    await bench.change("UPDATE accounts SET state = 'active' WHERE account_id = 'SAM'")
    assert await bench.sweep(bench.today + timedelta(days=1), "registration_ageing") == []
    assert await _state(bench) == "administrator"


async def test_r7_a_registration_that_came_to_nothing_leaves_no_link(bench: Bench) -> None:
    """Its supervisors have nobody to decide on any more."""
    await _register(bench, SAM)
    await bench.send(RegistrationWithdrawn(registration_id="REG-1"))
    assert _code(await bench.send(supervisor_decides(SAM))) == "not_pending"
    assert await bench.count("delegate_links WHERE state = 'ended'") == 1


async def test_r7_a_supervisor_s_decision_waits_for_its_registration(bench: Bench) -> None:
    """Messages may overtake each other."""
    assert isinstance(await bench.send(supervisor_decides(SAM)), Defer)
    await _register(bench, SAM)
    assert await bench.send(document_received("REG-1", "photo_id")) == DONE
    assert await bench.send(supervisor_decides(SAM)) == DONE
