"""Approval: an administrator decides on a registration, once, and never on their own (R6, R14)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from handlers.outcomes import DONE, Defer, Refuse
from messages.approval import ApprovalAdministratorDecided
from store import accounts, registrations
from tests.unit.handlers.bench import Bench, decision


def _rejection(reason: str = "The license has lapsed.") -> ApprovalAdministratorDecided:
    return ApprovalAdministratorDecided(
        registration_id="REG-1", decision="reject", administrator="a@example.org", reason=reason
    )


async def test_r6_an_approved_registration_is_an_active_account(bench: Bench) -> None:
    """Under the same name, with the address, the role and the password it was registered with."""
    await bench.send(bench.registration())
    assert await bench.send(decision()) == DONE
    account = await bench.store.read(lambda tx: accounts.one(tx, "REG-1"))
    assert account is not None
    assert (account.state, account.email, account.role) == ("active", "robin@example.org", "Pharmacist")
    assert bench.programme.vault.is_hash_of(account.password_hash, "Right-Horse")


async def test_r14_the_approval_carries_the_particulars(bench: Bench) -> None:
    """The registrant gets a copy of the form; the event names the account and no person."""
    await bench.send(bench.registration())
    await bench.send(decision())
    assert bench.told == [("registration.approved", "robin@example.org")]
    assert bench.mails[0].facts["particulars"] == [
        ["Name", "Robin Example"], ["Role", "Pharmacist"], ["E-mail", "robin@example.org"],
    ]  # fmt: skip
    assert [(one.name, dict(one.facts)) for one in bench.events] == [
        ("account.approved", {"account_id": "REG-1", "role": "Pharmacist"})
    ]


async def test_r14_a_rejection_tells_its_reason(bench: Bench) -> None:
    """To the registrant, by e-mail; the event does not repeat it."""
    await bench.send(bench.registration())
    assert await bench.send(_rejection()) == DONE
    assert bench.told == [("registration.rejected", "robin@example.org")]
    assert bench.mails[0].facts["reason"] == "The license has lapsed."
    assert [dict(one.facts) for one in bench.events] == [{"registration_id": "REG-1"}]
    assert await bench.count("accounts") == 0


@pytest.mark.parametrize("administrator", ["robin@example.org", "ROBIN@Example.org"])
async def test_r6_nobody_decides_on_their_own_registration(bench: Bench, administrator: str) -> None:
    """Compared without regard to case; the registration stays pending."""
    await bench.send(bench.registration())
    outcome = await bench.send(decision(administrator=administrator))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("own_registration", "administrator")
    known = await bench.store.read(lambda tx: registrations.one(tx, "REG-1"))
    assert known is not None
    assert known.state == "received"


@pytest.mark.parametrize("first", [decision(), _rejection()])
@pytest.mark.parametrize("second", [decision(), _rejection()])
async def test_r6_a_registration_is_decided_once(
    bench: Bench, first: ApprovalAdministratorDecided, second: ApprovalAdministratorDecided
) -> None:
    """The second administrator is told how it was decided, and nobody gets a second e-mail."""
    await bench.send(bench.registration())
    await bench.send(first)
    outcome = await bench.send(second)
    assert isinstance(outcome, Refuse)
    assert outcome.code == "not_pending"
    assert bench.told == []


async def test_a_decision_waits_for_its_registration(bench: Bench) -> None:
    """Messages may overtake each other."""
    assert await bench.send(decision()) == Defer("registration_unknown", "No registration of this id has arrived.")
    await bench.send(bench.registration())
    assert await bench.send(decision()) == DONE


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
