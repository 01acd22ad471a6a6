"""Targets: near and missed are told to the administrators, once each per target and period, minute by minute (R71, R74)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.outcomes import DONE
from messages.message import Message
from store import ticket_targets
from store.contract import Transaction
from store.ticket_targets import PastTarget
from tests.help_desk import opened, recategorised, ticket_acts
from tests.unit.handlers.bench import Bench

MONDAY_11 = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
ACTS = ticket_acts()
WARNING, MISSED = "ticket.target_warning", "ticket.target_missed"


async def _told(
    bench: Bench, *, until: datetime, every: timedelta = timedelta(minutes=1)
) -> list[tuple[str, str, str]]:
    """Run the sweep at every interval until a moment; (minute since Monday 11:00, notice, target) of what A was told."""
    told = []
    while bench.now < until:
        bench.now += every
        for one in await bench.sweep(date(2026, 6, 15), "ticket_targets"):
            if one.destination == "a@example.org":
                minute = f"+{(bench.now - MONDAY_11) // timedelta(minutes=1)}"
                told.append((minute, one.name, str(one.facts["target"])))
    return told


async def _send(bench: Bench, *sent: Message) -> None:
    for message in sent:
        assert await bench.send(message) == DONE


async def test_r74_near_and_missed_are_told_to_the_minute_and_once(bench: Bench) -> None:
    """High: 2 hours to answer; the warning after 96 minutes of them, the miss after 120; then silence."""
    await bench.send(opened())
    assert await _told(bench, until=MONDAY_11 + timedelta(hours=5)) == [
        ("+96", WARNING, "response"),
        ("+120", MISSED, "response"),
    ]


async def test_r74_every_administrator_is_told(bench: Bench) -> None:
    """And for a critical one whoever is on call as well, each once."""
    bench.programme = type(bench.programme)(
        bench.programme.policy, bench.programme.vault, bench.programme.administrators,
        on_call=("b@example.org", "night@example.org"),
    )  # fmt: skip
    await bench.send(opened(category="critical"))
    bench.now += timedelta(minutes=24)
    told = await bench.sweep(date(2026, 6, 15), "ticket_targets")
    assert [(one.name, one.destination) for one in told] == [
        (WARNING, "a@example.org"), (WARNING, "b@example.org"), (WARNING, "night@example.org"),
    ]  # fmt: skip
    assert told[0].facts == {
        "number": "T2026-000001", "category": "Critical", "target": "response", "due_at_text": "June 15, 2026, 11:30 AM EDT",
    }  # fmt: skip


async def test_r71_an_answer_keeps_the_response_target_and_a_resolution_both(bench: Bench) -> None:
    """What was kept is not spoken of."""
    await bench.send(opened())
    await bench.send(opened("T-2"))
    bench.now += timedelta(minutes=90)
    await _send(bench, ACTS["answered"], ticket_acts("T-2")["resolved"])
    told = await _told(bench, until=MONDAY_11 + timedelta(days=3), every=timedelta(minutes=6))
    assert told == [
        ("+1764", WARNING, "resolution"),  # 14.4 of 18 open hours: Tuesday 16:24
        ("+2880", MISSED, "resolution"),  # Wednesday 11:00
    ]


async def test_r74_after_downtime_what_was_missed_is_told_as_missed(bench: Bench) -> None:
    """A warning that was slept through is not made up: it would be false by now."""
    await bench.send(opened(category="critical"))
    bench.now += timedelta(hours=9)
    told = await bench.sweep(date(2026, 6, 15), "ticket_targets")
    assert [(one.name, one.facts["target"]) for one in told if one.destination == "a@example.org"] == [
        (MISSED, "response"), (MISSED, "resolution"),
    ]  # fmt: skip
    assert await bench.sweep(date(2026, 6, 15), "ticket_targets") == []


async def test_r74_a_miss_that_an_answer_came_just_after_is_still_told(bench: Bench) -> None:
    """The answer was late, also when the sweep had not looked in between."""
    await bench.send(opened())
    bench.now += timedelta(minutes=121)
    await _send(bench, ACTS["answered"])
    assert [one[1:] for one in await _told(bench, until=bench.now + timedelta(minutes=2))] == [(MISSED, "response")]


async def test_r71_another_category_begins_its_own_targets(bench: Bench) -> None:
    """From the change on; an answer that was given stays given, and the old category is not spoken of any more."""
    await bench.send(opened(category="low"))
    await _send(bench, ACTS["answered"])
    bench.now += timedelta(minutes=60)
    await _send(bench, recategorised("critical"))
    assert await _told(bench, until=MONDAY_11 + timedelta(hours=6)) == [
        ("+252", WARNING, "resolution"),
        ("+300", MISSED, "resolution"),
    ]
    await _send(bench, recategorised("high"))
    assert await _told(bench, until=bench.now + timedelta(hours=5)) == []


async def test_r71_another_category_before_an_answer_has_a_response_target(bench: Bench) -> None:
    """Of the new category, from the change on; missed once in each period."""
    await bench.send(opened(category="high"))
    first = await _told(bench, until=MONDAY_11 + timedelta(minutes=125))
    await _send(bench, recategorised("critical"))
    second = await _told(bench, until=MONDAY_11 + timedelta(minutes=160))
    assert [one[1:] for one in (*first, *second)] == [(WARNING, "response"), (MISSED, "response")] * 2
    assert second[-1][0] == "+155"


@pytest.mark.parametrize("act", ["reopened", "reply_received"])
async def test_r75_a_reopened_ticket_has_its_targets_again(bench: Bench, act: str) -> None:
    """Both, from the reopening on; while it was resolved nothing ran."""
    await bench.send(opened(category="critical"))
    await _send(bench, ACTS["resolved"])
    assert await _told(bench, until=MONDAY_11 + timedelta(hours=5)) == []
    await _send(bench, ACTS["reopened" if act == "reopened" else "reply_received"])
    assert await _told(bench, until=MONDAY_11 + timedelta(hours=9)) == [
        ("+324", WARNING, "response"),
        ("+330", MISSED, "response"),
        ("+492", WARNING, "resolution"),
        ("+540", MISSED, "resolution"),
    ]


async def test_what_is_past_its_target_is_listed_for_the_digest(bench: Bench) -> None:
    """The longest over first, in pages; what was kept or ended since is not in it."""
    for number in range(5):
        await bench.send(opened(f"T-{number}", category="critical"))
        bench.now += timedelta(minutes=1)
    await _send(bench, ticket_acts("T-0")["answered"])
    bench.now = MONDAY_11 + timedelta(minutes=33)
    found = await bench.store.read(lambda tx: _collected(tx, bench.now))
    assert [(one.number, one.what) for one in found] == [(f"T2026-00000{n}", "response") for n in (2, 3, 4)]
    assert await bench.store.read(lambda tx: ticket_targets.past_count(tx, bench.now)) == 3


async def _collected(tx: Transaction, now: datetime) -> list[PastTarget]:
    return [one async for page in ticket_targets.past(tx, now, page=2) for one in page]
