"""Ticket: a problem gets a number, and its text stays where it is (R27, R70, R74)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.outcomes import Done, Refuse
from messages.ticket import TicketOpened
from tests.unit.handlers.bench import Bench

SECRET = "Patient Jordan Sample, born 1980-01-01"


def _ticket(name: str = "T-1") -> TicketOpened:
    return TicketOpened(
        ticket_id=name, category="high", requester_name="Bo Lee", requester_email="bo@example.org",
        subject=SECRET, description=f"It does not open.\n{SECRET}",
    )  # fmt: skip


async def test_r70_each_ticket_has_a_number_of_its_own(bench: Bench) -> None:
    """The sender is told the number; numbers grow."""
    assert await bench.send(_ticket("T-1")) == Done({"number": "T2026-000001"})
    assert await bench.send(_ticket("T-2")) == Done({"number": "T2026-000002"})


async def test_r70_the_year_of_a_number_is_the_programme_s(bench: Bench) -> None:
    """On New Year's Eve it is still the old year there when it is the new one in Greenwich."""
    bench.now = datetime(2027, 1, 1, 4, 59, tzinfo=UTC)
    assert await bench.send(_ticket("T-1")) == Done({"number": "T2026-000001"})
    bench.now = datetime(2027, 1, 1, 5, 0, tzinfo=UTC)
    assert await bench.send(_ticket("T-2")) == Done({"number": "T2027-000002"})


async def test_r74_requester_and_every_administrator_are_told(bench: Bench) -> None:
    """Each gets one e-mail; the portal hears of it too."""
    await bench.send(_ticket())
    assert bench.told == [
        ("ticket.opened", "bo@example.org"),
        ("ticket.opened_administrators", "a@example.org"),
        ("ticket.opened_administrators", "b@example.org"),
    ]
    assert [event.name for event in bench.events] == ["ticket.opened"]


async def test_r27_the_text_of_a_ticket_leaves_in_no_e_mail(bench: Bench) -> None:
    """Nor in an event: what a person wrote may be a patient's data."""
    await bench.send(_ticket())
    assert "Jordan" not in repr([dict(one.facts) for one in (*bench.mails, *bench.events)])
    assert all("Jordan" not in mail.subject and b"Jordan" not in mail.content for mail in bench.written)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        (datetime(2026, 6, 15, 15, 0, tzinfo=UTC), None),
        (datetime(2026, 6, 15, 21, 0, tzinfo=UTC), "Tuesday, June 16, 2026, 8:00 AM EDT"),
        (datetime(2026, 12, 24, 22, 30, tzinfo=UTC), "Monday, December 28, 2026, 8:00 AM EST"),
    ],
)
async def test_r74_a_receipt_outside_hours_names_the_next_opening(
    bench: Bench, now: datetime, opening: str | None
) -> None:
    """Within help-desk hours it names none."""
    bench.now = now
    await bench.send(_ticket())
    assert bench.mails[0].facts.get("next_opening") == opening


async def test_a_ticket_is_opened_once(bench: Bench) -> None:
    """The same ticket in another message is refused, and nobody is told again."""
    await bench.send(_ticket())
    outcome = await bench.send(_ticket())
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("ticket_exists", "ticket_id")
    assert bench.told == []
    assert await bench.count("tickets") == 1
