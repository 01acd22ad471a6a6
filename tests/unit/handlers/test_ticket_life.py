"""Ticket: answered, moved, escalated, resolved, closed, reopened; the requester hears of what R74 names, and no word leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handlers.outcomes import DONE, Done, Refuse
from store import tickets
from store.tickets import Act, Ticket
from tests.help_desk import STAFF, opened, recategorised, ticket_acts
from tests.unit.handlers.bench import Bench
from tests.unit.handlers.conftest import OpenBench

BO = "bo@example.org"
ACTS = ticket_acts()


async def _ticket(bench: Bench) -> Ticket:
    found = await bench.store.read(lambda tx: tickets.one(tx, "T-1"))
    assert found is not None
    return found


async def _do(bench: Bench, *acts: Act) -> None:
    for act in acts:
        assert await bench.send(ACTS[act]) == DONE


@pytest.mark.parametrize(
    ("before", "act", "told"),
    [
        ((), "answered", ["ticket.answered"]),
        ((), "recategorised", ["ticket.recategorised"]),
        ((), "assigned", []),
        ((), "escalated", ["ticket.escalated"]),
        ((), "resolved", ["ticket.resolved"]),
        (("resolved",), "closed", ["ticket.closed"]),
        (("resolved",), "reopened", ["ticket.reopened"]),
        (("resolved",), "reply_received", ["ticket.reopened"]),
        (("resolved", "closed"), "reopened", ["ticket.reopened"]),
        ((), "reply_received", []),
    ],
)
async def test_r74_the_requester_hears_of_each_step(
    bench: Bench, before: tuple[Act, ...], act: Act, told: list[str]
) -> None:
    """By one e-mail each; assigning is the help desk's own matter. Others hear of the step by an event."""
    await bench.send(opened())
    await _do(bench, *before, act)
    assert bench.told == [(notice, BO) for notice in told]
    assert [(one.name, one.facts["state"]) for one in bench.events] == [(f"ticket.{act}", (await _ticket(bench)).state)]


async def test_r74_each_answer_is_told(bench: Bench) -> None:
    """The second too, although it is the same notice to the same address."""
    await bench.send(opened())
    keys = set()
    for _ in range(3):
        await _do(bench, "answered")
        keys |= {mail.key for mail in bench.mails}
    assert len(keys) == 3


async def test_r27_no_word_of_a_ticket_leaves(bench: Bench) -> None:
    """Neither subject nor answer, reason, resolution or reply: the history keeps them, e-mails and events do not."""
    await bench.send(opened())
    left = []
    for act in ("answered", "recategorised", "escalated", "reply_received", "resolved", "closed", "reopened"):
        assert await bench.send(ACTS[act]) == DONE
        left += [*bench.mails, *bench.events]
    assert left
    assert "Jordan" not in repr([dict(one.facts) for one in left])
    assert all(b"Jordan" not in mail.content for mail in bench.written)


async def test_r73_an_escalation_names_target_reason_and_actor(bench: Bench) -> None:
    """For ever in the history, with the message that brought it."""
    await bench.send(opened())
    await _do(bench, "escalated")
    ticket = await _ticket(bench)
    (_, last) = await bench.store.read(lambda tx: tickets.history(tx, ticket.no))
    assert ticket.escalated_to == last.step.target == "vendor"
    assert (last.step.actor, last.step.at, last.step.seq) == (STAFF, bench.now, 2)
    assert last.step.text is not None


async def test_r75_the_last_day_counts_by_the_programme_s_calendar(bench: Bench) -> None:
    """Fourteen days after a resolution at 23:30 in Connecticut end at midnight there; the e-mail named that day."""
    bench.now = datetime(2026, 6, 16, 3, 30, tzinfo=UTC)
    await bench.send(opened())
    await _do(bench, "resolved")
    assert bench.mails[0].facts["reopen_until_on"] == "2026-06-29"
    bench.now = datetime(2026, 6, 30, 4, 0, tzinfo=UTC)
    outcome = await bench.send(ACTS["reply_received"])
    assert isinstance(outcome, Refuse)
    assert outcome.code == "reopening_over"
    bench.now -= timedelta(seconds=1)
    await _do(bench, "reply_received")


async def test_r75_the_days_are_a_setting(bench_of: OpenBench) -> None:
    """A programme that allows none reopens on the same day only."""
    bench = await bench_of(ticket_reopen_days=0)
    await bench.send(opened())
    await _do(bench, "resolved", "reopened", "resolved")
    bench.now += timedelta(days=1)
    assert isinstance(await bench.send(ACTS["reopened"]), Refuse)


async def test_a_ticket_stays_in_its_category_when_it_is_moved_there(bench: Bench) -> None:
    """That is refused, and its targets go on."""
    await bench.send(opened(category="low"))
    outcome = await bench.send(ACTS["recategorised"])
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("same_category", "category")
    assert (await _ticket(bench)).period == 1


@pytest.mark.parametrize("how", ["opened", "moved", "reopened"])
async def test_r74_critical_goes_to_whoever_is_on_call_at_any_hour(bench: Bench, how: str) -> None:
    """At night, however it came to be critical; the others hear of a new one as of any."""
    bench.programme = type(bench.programme)(
        bench.programme.policy, bench.programme.vault, ("a@example.org", "b@example.org"),
        on_call=("b@example.org", "night@example.org"),
    )  # fmt: skip
    bench.now = datetime(2026, 6, 14, 6, 0, tzinfo=UTC)  # Sunday, 2:00
    match how:
        case "opened":
            assert isinstance(await bench.send(opened(category="critical")), Done)
        case "moved":
            await bench.send(opened())
            assert await bench.send(recategorised("critical")) == DONE
        case "reopened":
            await bench.send(opened(category="critical"))
            await _do(bench, "resolved", "reopened")
    called = [recipient for notice, recipient in bench.told if notice == "ticket.critical"]
    assert called == ["b@example.org", "night@example.org"]
    facts = next(dict(mail.facts) for mail in bench.mails if mail.name == "ticket.critical")
    assert (facts["since_text"], facts["respond_by_text"]) == (
        "June 14, 2026, 2:00 AM EDT",
        "June 14, 2026, 2:30 AM EDT",
    )
    others = [recipient for notice, recipient in bench.told if notice == "ticket.opened_administrators"]
    assert others == (["a@example.org"] if how == "opened" else [])


async def test_r74_without_a_watch_critical_goes_to_the_administrators(bench: Bench) -> None:
    """Each once."""
    await bench.send(opened(category="critical"))
    assert bench.told == [
        ("ticket.critical", "a@example.org"), ("ticket.critical", "b@example.org"), ("ticket.opened", BO),
    ]  # fmt: skip


async def test_r71_the_administrators_read_until_when_to_answer(bench: Bench) -> None:
    """With every new ticket."""
    await bench.send(opened())
    facts = next(dict(mail.facts) for mail in bench.mails if mail.name == "ticket.opened_administrators")
    assert (facts["category"], facts["respond_by_text"]) == ("High", "June 15, 2026, 1:00 PM EDT")
