"""Agency lists, trainings and authorisations (R8–R10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from handlers.access import has_full_access
from handlers.outcomes import DONE, Done, Outcome, Refuse
from messages.approval import ApprovalAdminAuthorised, ApprovalTrainingCompleted
from store import agencies, registrations
from store.agencies import Dropped
from store.contract import Transaction
from tests.unit.handlers.bench import Bench, agency_list, decision

JO = "jo@police.example.org"


def _training(
    name: str = "REG-1", *, on: date = date(2026, 6, 10), by: str = "a@example.org"
) -> ApprovalTrainingCompleted:
    return ApprovalTrainingCompleted(registration_id=name, trained_on=on, administrator=by)


async def _state(bench: Bench, name: str = "REG-1") -> str:
    known = await bench.store.read(lambda tx: registrations.one(tx, name))
    assert known is not None
    return known.state


async def _is_full(bench: Bench, role: str) -> bool:
    found = bench.programme.roles.named(role)
    return await bench.store.read(lambda tx: has_full_access(tx, "REG-1", found))


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refuse)
    return outcome.code


LAW_ENFORCEMENT = [
    "DEA", "FBI", "Local", "Medical Examiner", "Medicaid Fraud Units", "Parole", "State Criminal Justice Department",
    "State Drug Control Agent", "State Police",
]  # fmt: skip


@pytest.mark.parametrize("role", LAW_ENFORCEMENT)
async def test_r8_law_enforcement_stands_on_its_agency_s_list(bench: Bench, role: str) -> None:
    """Before that it cannot be approved; the list may come after the registration, and is found by address."""
    await bench.register(email=JO, role=role)
    await bench.send(bench.email_verified())
    assert await _state(bench) == "agency_list"
    assert _code(await bench.send(decision())) == "not_ready"
    assert await bench.send(agency_list(JO.upper(), sent_on=bench.today)) == Done({"persons": 1})
    assert await _state(bench) == "administrator"
    assert await bench.send(decision()) == DONE


async def test_r8_the_list_may_come_first(bench: Bench) -> None:
    """Then the registration is before an administrator as soon as its address is verified."""
    await bench.send(agency_list("x@police.example.org", JO, JO, sent_on=bench.today, agency=" example   POLICE "))
    await bench.register(email=JO, role="Local")
    await bench.send(bench.email_verified())
    assert await _state(bench) == "administrator"


async def test_r8_another_agency_s_list_does_not_count(bench: Bench) -> None:
    """The official speaks for the agency that the form names."""
    await bench.send(agency_list(JO, sent_on=bench.today, agency="Other Police"))
    await bench.register(email=JO, role="Local")
    await bench.send(bench.email_verified())
    assert await _state(bench) == "agency_list"


@pytest.mark.parametrize("role", LAW_ENFORCEMENT)
async def test_r8_full_access_comes_with_the_training(bench: Bench, role: str) -> None:
    """Approval without it gives limited access, and says so; the training makes it full, and says so."""
    await bench.open_account(email=JO, role=role)
    assert bench.mails[0].facts["limited_until"] == "the 30-minute training in person is completed"
    assert [dict(event.facts)["access"] for event in bench.events] == ["limited"]
    assert not await _is_full(bench, role)
    assert await bench.send(_training()) == DONE
    assert bench.told == [("registration.full_access", JO)]
    assert await _is_full(bench, role)
    assert _code(await bench.send(_training())) == "already_trained"


async def test_r8_the_training_may_come_before_the_approval(bench: Bench) -> None:
    """Then access is full from the first day."""
    await bench.register(email=JO, role="FBI")
    assert await bench.send(_training()) == DONE
    assert bench.told == []
    await bench.send(bench.email_verified())
    await bench.send(agency_list(JO, sent_on=bench.today))
    await bench.send(decision())
    assert bench.mails[0].facts["limited_until"] is None
    assert await _is_full(bench, "FBI")


@pytest.mark.parametrize("role", ["Medical Marijuana Registry", "Pharmacist"])
async def test_r9_no_training_for_others(bench: Bench, role: str) -> None:
    """The registry's users have full access once they are approved."""
    await bench.open_account(role=role)
    assert bench.mails[0].facts["limited_until"] is None
    assert await _is_full(bench, role)


async def test_r8_a_newer_list_replaces_the_former(bench: Bench) -> None:
    """Whoever it leaves out is shown to administrators while the account is open; a pending registration waits again."""
    await bench.open_account(email=JO, role="Local")
    await bench.register("REG-2", email="max@police.example.org", role="Local")
    await bench.send(bench.email_verified("REG-2"))
    await bench.send(agency_list(JO, "max@police.example.org", sent_on=bench.today))
    assert await _state(bench, "REG-2") == "administrator"
    assert await _dropped(bench) == []
    bench.now += timedelta(days=5)
    await bench.send(agency_list("new@police.example.org", sent_on=bench.today))
    assert await _state(bench, "REG-2") == "agency_list"
    assert await _dropped(bench) == [Dropped("REG-1", "Example Police", date(2026, 6, 20))]
    await bench.sweep(bench.today, "administrators_digest")
    assert bench.digest["Accounts that their agency's list leaves out (1)"] == [
        "REG-1, Example Police, not on the list of June 20, 2026"
    ]
    await bench.send(agency_list(JO, sent_on=bench.today, agency="Other Police"))
    assert await _dropped(bench) == []


async def _dropped(bench: Bench) -> list[Dropped]:
    async def unit(tx: Transaction) -> list[Dropped]:
        return [one async for page in agencies.dropped(tx, page=1) for one in page]

    return await bench.store.read(unit)


async def test_r8_an_older_list_changes_nothing(bench: Bench) -> None:
    """Nor one that cannot have been sent yet, nor one that no administrator records."""
    await bench.send(agency_list(JO, sent_on=bench.today))
    day = timedelta(days=1)
    assert _code(await bench.send(agency_list(sent_on=bench.today - day))) == "superseded"
    assert _code(await bench.send(agency_list(sent_on=bench.today + day))) == "in_the_future"
    stranger = agency_list(sent_on=bench.today).model_copy(update={"administrator": JO})
    assert _code(await bench.send(stranger)) == "not_an_administrator"
    assert await bench.count("agency_persons WHERE dropped_on IS NULL") == 1


@pytest.mark.parametrize(
    ("training", "code"),
    [
        (_training(on=date(2026, 6, 16)), "in_the_future"), (_training(by="x@example.org"), "not_an_administrator"),
        (_training(by=JO), "own_registration"),
    ],
)  # fmt: skip
async def test_r8_a_training_is_recorded_by_an_administrator(
    bench: Bench, training: ApprovalTrainingCompleted, code: str
) -> None:
    """Of another person, and after it was held."""
    await bench.register(email=JO, role="FBI")
    assert _code(await bench.send(training)) == code
    assert await bench.count("trainings") == 0


@pytest.mark.parametrize(
    ("manager", "by", "code"),
    [
        (None, "a@example.org", None), (None, "x@example.org", "not_an_administrator"),
        ("m@example.org", "M@example.org", None), ("m@example.org", "a@example.org", "not_the_programme_manager"),
        ("staff@example.org", "staff@example.org", "own_registration"), (None, "staff@example.org", "own_registration"),
    ],
)  # fmt: skip
async def test_r10_the_programme_manager_authorises_an_admin(
    bench: Bench, manager: str | None, by: str, code: str | None
) -> None:
    """Where none is named the administrators do; nobody does so for themselves."""
    bench.programme = replace(bench.programme, programme_manager=manager)
    await bench.register(email="staff@example.org", role="Admin")
    await bench.send(bench.email_verified())
    assert _code(await bench.send(decision())) == "not_ready"
    outcome = await bench.send(ApprovalAdminAuthorised(registration_id="REG-1", programme_manager=by))
    if code is None:
        assert outcome == DONE
        assert await bench.send(decision()) == DONE
    else:
        assert _code(outcome) == code
        assert _code(await bench.send(decision())) == "not_ready"


async def test_r10_others_need_no_authorisation(bench: Bench) -> None:
    """Whoever sends one is told so."""
    await bench.register()
    outcome = await bench.send(ApprovalAdminAuthorised(registration_id="REG-1", programme_manager="a@example.org"))
    assert _code(outcome) == "not_needed"
