"""Registrations age while the applicant is to act, and are listed while the programme is (R11, R12)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.outcomes import DONE
from messages.approval import ApprovalAdministratorDecided
from store import registrations
from store.contract import Transaction
from store.registrations import Waiting
from tests.unit.handlers.bench import Bench, document_received

NAME = "registration_ageing"


async def _state(bench: Bench, name: str = "REG-1") -> str:
    known = await bench.store.read(lambda tx: registrations.one(tx, name))
    assert known is not None
    return known.state


async def _days(bench: Bench, since: date, *days: int) -> list[int]:
    """On which of the days the sweep tells something."""
    told = []
    for day in days:
        if await bench.sweep(since + timedelta(days=day), NAME):
            told.append(day)
            assert bench.told[0][0] == ("registration.reminder" if day < 30 else "registration.expired")
    return told


async def test_r12_reminders_after_7_and_14_days_then_expiry(bench: Bench) -> None:
    """Swept every day, an applicant hears three times; the last says why."""
    await bench.register()
    assert await _days(bench, bench.today, *range(1, 30)) == [7, 14]
    assert await bench.sweep(bench.today + timedelta(days=30), NAME)
    assert bench.told == [("registration.expired", "robin@example.org")]
    assert bench.mails[0].facts["why"] == (
        "This did not reach us within 30 days: Confirmation of the e-mail address; Notarized identity-verification form: "
        "not yet received; Copy of a government-issued photo ID: not yet received."
    )
    assert [(event.name, dict(event.facts)) for event in bench.events] == [
        ("registration.expired", {"registration_id": "REG-1"})
    ]
    assert await _state(bench) == "expired"
    assert await _days(bench, bench.today, 30, 31, 60) == []


async def test_r12_a_missed_day_is_made_up_for_once(bench: Bench) -> None:
    """After downtime the latest reminder goes out, and no earlier one."""
    await bench.register()
    assert await _days(bench, bench.today, 9, 10, 16, 17, 29) == [9, 16]


async def test_r12_progress_begins_the_days_anew(bench: Bench) -> None:
    """Who verified the address has thirty days for the documents."""
    await bench.register()
    bench.now += timedelta(days=1)
    await bench.send(bench.email_verified())
    verified_on = bench.today
    assert await _days(bench, verified_on, 6, 7, 13, 14, 29) == [7, 14]
    assert await _days(bench, verified_on, 30) == [30]


async def test_r12_a_question_without_an_answer_expires(bench: Bench) -> None:
    """Thirty days after it was asked, however long the registration took before."""
    await bench.register()
    await bench.complete()
    bench.now += timedelta(days=25)
    question = ApprovalAdministratorDecided(
        registration_id="REG-1", decision="want_information", administrator="a@example.org", question="Where?"
    )
    assert await bench.send(question) == DONE
    assert await _days(bench, bench.today, 1, 7, 14, 29) == [7, 14]
    assert await _days(bench, bench.today, 30) == [30]
    assert bench.mails[0].facts["why"] == "This did not reach us within 30 days: Your answer to our question."


@pytest.mark.parametrize("is_accepted", [False, True])
async def test_r12_what_waits_on_the_programme_never_expires(bench: Bench, is_accepted: bool) -> None:
    """Not for a decision, nor for documents that arrived and nobody judged."""
    await bench.register()
    if is_accepted:
        await bench.complete()
    else:
        await bench.send(bench.email_verified())
        await bench.send(document_received("REG-1", "photo_id"))
        await bench.send(document_received("REG-1", "identity_form"))
    assert await _days(bench, bench.today, 7, 14, 30, 400) == []
    assert await _state(bench) == "administrator"


async def test_r2_after_expiry_the_address_is_free(bench: Bench) -> None:
    """The same person may begin again."""
    await bench.register()
    await bench.sweep(bench.today + timedelta(days=30), NAME)
    await bench.register("REG-2")


@pytest.mark.parametrize(
    ("submitted_at", "expires_on"),
    [
        (datetime(2026, 10, 20, 3, 59, 59, tzinfo=UTC), date(2026, 11, 18)),
        (datetime(2026, 10, 20, 4, 0, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2027, 2, 20, 5, 0, tzinfo=UTC), date(2027, 3, 22)),
    ],
)
async def test_r12_days_are_the_programme_s(bench: Bench, submitted_at: datetime, expires_on: date) -> None:
    """A calendar day in its time zone, across the change of clocks."""
    bench.now = submitted_at
    await bench.register()
    await bench.sweep(expires_on - timedelta(days=1), NAME)
    assert await _state(bench) == "email_verification"
    await bench.sweep(expires_on, NAME)
    assert await _state(bench) == "expired"


async def test_r11_what_waits_on_the_programme_is_listed_by_age(bench: Bench) -> None:
    """The longest waiting first, since the day when it became the programme's turn."""
    for number in (3, 1, 2):
        name = f"REG-{number}"
        await bench.register(name, email=f"robin{number}@example.org", role="Pharmacist" if number < 3 else "Admin")
        bench.now += timedelta(days=1)
        await bench.complete(name)
    await bench.register("REG-4", email="robin4@example.org")

    async def unit(tx: Transaction) -> list[Waiting]:
        return [one async for page in registrations.waiting_on_programme(tx, page=2) for one in page]

    listed = await bench.store.read(unit)
    assert [(one.registration_id, one.role, one.state, one.since.day) for one in listed] == [
        ("REG-3", "Admin", "authorisation", 16), ("REG-1", "Pharmacist", "administrator", 17),
        ("REG-2", "Pharmacist", "administrator", 18),
    ]  # fmt: skip


async def test_r11_the_daily_list_marks_what_is_late(bench: Bench) -> None:
    """Older than 14 days is late, older than 21 overdue; an Admin waits for the programme manager first."""
    for number in range(4):
        await bench.register(
            f"REG-{number}", email=f"robin{number}@example.org", role="Admin" if number else "Pharmacist"
        )
        await bench.complete(f"REG-{number}")
        bench.now += timedelta(days=7)
    await bench.sweep(bench.today - timedelta(days=6), "administrators_digest")
    assert bench.digest == {
        "Registrations overdue for a decision (1)": ["REG-0, Pharmacist, waiting 22 days"],
        "Registrations late for a decision (1)": ["REG-1, Admin, waiting 15 days, for the programme manager"],
        "Registrations waiting for a decision (2)": [
            "REG-2, Admin, waiting 8 days, for the programme manager",
            "REG-3, Admin, waiting 1 day, for the programme manager",
        ],
    }


async def test_r12_many_expire_in_pages(bench: Bench) -> None:
    """Each of them once, also those of one moment."""
    for number in range(12):
        await bench.register(f"REG-{number:02}", email=f"robin{number}@example.org")

    async def unit(tx: Transaction) -> list[str]:
        before = bench.now + timedelta(seconds=1)
        return [one async for page in registrations.waiting_on_applicants(tx, before=before, page=5) for one in page]

    assert await bench.store.read(unit) == [f"REG-{number:02}" for number in range(12)]
    assert (
        len([one for one in await bench.sweep(bench.today + timedelta(days=30), NAME) if one.channel == "mail"]) == 12
    )
