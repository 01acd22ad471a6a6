"""Approval: documents are judged, an administrator decides, once, and never on their own (R4, R6, R14)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.outcomes import DONE, Defer, Refuse
from messages.approval import ApprovalAdministratorDecided
from messages.registration import RegistrationInformationSupplied
from store import accounts, registrations
from tests.unit.handlers.bench import DOCUMENTS, FORM, Bench, decision, document_judged, document_received


async def _state(bench: Bench) -> str:
    known = await bench.store.read(lambda tx: registrations.one(tx, "REG-1"))
    assert known is not None
    return known.state


async def _verified(bench: Bench) -> None:
    await bench.register()
    assert await bench.send(bench.email_verified()) == DONE


def _question(question: str = "Which practice?") -> ApprovalAdministratorDecided:
    return ApprovalAdministratorDecided(
        registration_id="REG-1", decision="want_information", administrator="a@example.org", question=question
    )


def _rejection(reason: str = "The license has lapsed.") -> ApprovalAdministratorDecided:
    return ApprovalAdministratorDecided(
        registration_id="REG-1", decision="reject", administrator="a@example.org", reason=reason
    )


async def test_r6_an_approved_registration_is_an_active_account(bench: Bench) -> None:
    """Under the same name, with the address, the role and the password it was registered with."""
    await bench.open_account()
    account = await bench.store.read(lambda tx: accounts.one(tx, "REG-1"))
    assert account is not None
    assert (account.state, account.email, account.role) == ("active", "robin@example.org", "Pharmacist")
    assert bench.programme.vault.is_hash_of(account.password_hash, "Right-Horse")


async def test_r14_the_approval_carries_the_particulars(bench: Bench) -> None:
    """The registrant gets a copy of the form; the event names the account and no person."""
    await bench.open_account(dea_number="AB1234563")
    assert bench.told == [("registration.approved", "robin@example.org")]
    assert bench.mails[0].facts["particulars"] == [
        ["Name", "Robin Example"], ["Role", "Pharmacist"], ["E-mail", "robin@example.org"], ["Phone", "860-555-0123"],
        ["Employer", "Example Practice"], ["Employer's address", "1 Example Street, Hartford, CT"],
        ["DEA number", "AB1234563"], ["License number", "PCT.0012345"],
    ]  # fmt: skip
    assert "1980" not in bench.written[-1].content.decode()
    assert [(one.name, dict(one.facts)) for one in bench.events] == [
        ("account.approved", {"account_id": "REG-1", "role": "Pharmacist", "access": "full"})
    ]


async def test_r14_a_rejection_tells_its_reason(bench: Bench) -> None:
    """To the registrant, by e-mail; the event does not repeat it."""
    await _verified(bench)
    assert await bench.send(_rejection()) == DONE
    assert bench.told == [("registration.rejected", "robin@example.org")]
    assert bench.mails[0].facts["reason"] == "The license has lapsed."
    assert [dict(one.facts) for one in bench.events] == [{"registration_id": "REG-1"}]
    assert await bench.count("accounts") == 0


@pytest.mark.parametrize("administrator", ["robin@example.org", "ROBIN@Example.org"])
async def test_r6_nobody_decides_on_their_own_registration(bench: Bench, administrator: str) -> None:
    """Compared without regard to case; the registration stays pending."""
    await bench.register()
    await bench.complete()
    judgement = document_judged("REG-1", "photo_id", administrator=administrator)
    for message in (decision(administrator=administrator), judgement):
        outcome = await bench.send(message)
        assert isinstance(outcome, Refuse)
        assert (outcome.code, outcome.field) == ("own_registration", "administrator")
    assert await _state(bench) == "administrator"


@pytest.mark.parametrize("first", [decision(), _rejection()])
@pytest.mark.parametrize("second", [decision(), _rejection()])
async def test_r6_a_registration_is_decided_once(
    bench: Bench, first: ApprovalAdministratorDecided, second: ApprovalAdministratorDecided
) -> None:
    """The second administrator is told how it was decided, and nobody gets a second e-mail."""
    await bench.register()
    await bench.complete()
    await bench.send(first)
    outcome = await bench.send(second)
    assert isinstance(outcome, Refuse)
    assert outcome.code == "not_pending"
    assert bench.told == []


async def test_a_decision_waits_for_its_registration(bench: Bench) -> None:
    """Messages may overtake each other."""
    assert await bench.send(decision()) == Defer("registration_unknown", "No registration of this id has arrived.")
    await bench.open_account()


@pytest.mark.parametrize("administrator", ["nobody@example.org", "pharmacist@example.org", "admin@example.org"])
async def test_r6_only_administrators_decide(bench: Bench, administrator: str) -> None:
    """Those whom the site names, and active Admin accounts; a pharmacist's account does not make one."""
    await bench.open_account("REG-2", email="pharmacist@example.org")
    await bench.open_account("REG-3", email="admin@example.org", role="Admin")
    await bench.register()
    await bench.complete()
    outcome = await bench.send(decision(administrator=administrator))
    if administrator == "admin@example.org":
        assert outcome == DONE
    else:
        assert isinstance(outcome, Refuse)
        assert (outcome.code, outcome.field) == ("not_an_administrator", "administrator")


@pytest.mark.parametrize("role", ["Pharmacist", "State Police", "Admin"])
async def test_r4_an_approval_too_early_names_all_that_is_missing(bench: Bench, role: str) -> None:
    """One fault each, for the portal to show; nothing changes."""
    await bench.register(role=role)
    for expected in ["email_unverified"], []:
        outcome = await bench.send(decision())
        assert isinstance(outcome, Refuse)
        missing = {
            "Pharmacist": ["document_missing", "document_missing"], "State Police": ["not_listed"],
            "Admin": ["not_authorised"],
        }  # fmt: skip
        assert outcome.code == "not_ready"
        assert [fault.code for fault in outcome.faults] == [*expected, *missing[role]]
        await bench.send(bench.email_verified())
    assert await bench.count("accounts") == 0


async def test_r4_each_document_must_be_accepted(bench: Bench) -> None:
    """That they arrived puts the registration before an administrator; approving it takes more."""
    await _verified(bench)
    for document in DOCUMENTS:
        await bench.send(document_received("REG-1", document))
    assert await _state(bench) == "administrator"
    outcome = await bench.send(decision())
    assert isinstance(outcome, Refuse)
    assert [(fault.code, fault.field) for fault in outcome.faults] == [
        ("document_not_accepted", "documents.identity_form"), ("document_not_accepted", "documents.photo_id"),
    ]  # fmt: skip
    for document in DOCUMENTS:
        await bench.send(document_judged("REG-1", document))
    assert await bench.send(decision()) == DONE


async def test_r14_a_deficient_document_is_told_with_what_it_lacks(bench: Bench) -> None:
    """It is the applicant's turn again, for thirty days from now; another document in its place mends it."""
    await bench.register()
    await bench.complete()
    bench.now += timedelta(days=10)
    assert await bench.send(document_judged("REG-1", "identity_form", "signature", "completeness")) == DONE
    assert bench.told == [("registration.documents_wanted", "robin@example.org")]
    assert bench.mails[0].facts["documents"] == [
        "Notarized identity-verification form: a signature or the notary's seal is missing, it is not complete"
    ]
    assert bench.mails[0].facts["expires_on"] == "2026-07-25"
    assert await _state(bench) == "documents"
    await bench.send(document_received("REG-1", "identity_form", "second"))
    await bench.send(document_judged("REG-1", "second"))
    assert await bench.send(decision()) == DONE


async def test_r4_only_what_arrived_is_judged(bench: Bench) -> None:
    """Another id is refused, and nothing is written."""
    await _verified(bench)
    outcome = await bench.send(document_judged("REG-1", "photo_id"))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("document_unknown", "document_id")


async def test_r6_a_question_pauses_and_never_ends_a_registration(bench: Bench) -> None:
    """The applicant is asked; the answer brings the registration back to where it was."""
    await bench.register()
    await bench.complete()
    assert await bench.send(_question()) == DONE
    assert bench.told == [("registration.information_wanted", "robin@example.org")]
    assert bench.mails[0].facts["question"] == "Which practice?"
    assert await _state(bench) == "information"
    outcome = await bench.send(decision())
    assert isinstance(outcome, Refuse)
    assert [fault.code for fault in outcome.faults] == ["information_wanted"]
    assert await bench.send(_question("And since when?")) == DONE
    assert bench.told == [("registration.information_wanted", "robin@example.org")]
    answer = RegistrationInformationSupplied(registration_id="REG-1", answer="The one in Hartford.")
    assert await bench.send(answer) == DONE
    assert await _state(bench) == "administrator"
    assert await bench.count("registration_questions WHERE answer = 'The one in Hartford.'") == 2
    assert await bench.send(decision()) == DONE


async def test_r6_the_answer_may_correct_the_form(bench: Bench) -> None:
    """The approved particulars are the corrected ones; an answer that nobody asked for, or that loses a field, is refused."""
    await bench.register()
    await bench.complete()
    corrected = FORM.model_copy(update={"employer_name": "Other Practice"})
    answer = RegistrationInformationSupplied(registration_id="REG-1", applicant=corrected)
    unasked = await bench.send(answer)
    assert isinstance(unasked, Refuse)
    assert unasked.code == "nothing_wanted"
    await bench.send(_question())
    shorter = answer.model_copy(update={"applicant": FORM.model_copy(update={"phone": None})})
    outcome = await bench.send(shorter)
    assert isinstance(outcome, Refuse)
    assert [fault.field for fault in outcome.faults] == ["applicant.phone"]
    assert await bench.send(answer) == DONE
    await bench.send(decision())
    assert ["Employer", "Other Practice"] in list(_particulars(bench))


def _particulars(bench: Bench) -> list[object]:
    particulars = bench.mails[0].facts["particulars"]
    assert isinstance(particulars, list)
    return list(particulars)


@pytest.mark.parametrize(
    ("approved_at", "set_on", "expires_on"),
    [
        (datetime(2026, 8, 11, 3, 59, 59, tzinfo=UTC), date(2026, 8, 10), date(2026, 11, 8)),
        (datetime(2026, 8, 11, 4, 0, tzinfo=UTC), date(2026, 8, 11), date(2026, 11, 9)),
        (datetime(2027, 12, 16, 4, 59, 59, tzinfo=UTC), date(2027, 12, 15), date(2028, 3, 14)),
    ],
)
async def test_r32_the_password_s_days_begin_with_the_approval(
    bench: Bench, approved_at: datetime, set_on: date, expires_on: date
) -> None:
    """On the local date in the programme's time zone, across the change of clocks and a leap day."""
    bench.now = approved_at
    await bench.open_account()
    account = await bench.store.read(lambda tx: accounts.one(tx, "REG-1"))
    assert account is not None
    assert (account.password_set_on, account.password_expires_on) == (set_on, expires_on)
