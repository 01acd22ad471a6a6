"""Every message in every state of a ticket and of a case of conduct, on both stores."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.registry import handlers
from handlers.rules import conduct as conduct_rules
from handlers.rules import tickets as ticket_rules
from handlers.work import Leaving, Programme, Work
from messages.codec import encode
from messages.envelope import Envelope
from messages.message import Message
from store import conduct, inbox, outbox, tickets
from store.contract import Conflict, Store, Transaction
from tests.help_desk import conduct_acts, opened, reported, ticket_acts
from tests.unit.handlers.bench import example_programme

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
_numbers = count(1)


async def _send(store: Store, message: Message, now: datetime = NOW, programme: Programme | None = None) -> Outcome:
    body, _ = encode(message)
    envelope = Envelope(f"m{next(_numbers)}", message.kind, "portal", body)
    known = programme or example_programme()

    async def unit(tx: Transaction) -> Outcome:
        (seq,) = (await inbox.claim_all(tx, [envelope], now)).values()
        leaving = Leaving(seq)
        works = [Work(message, None, envelope, seq, tx, now, now, known, leaving)]
        (outcome,) = await handlers()[message.kind].handle_all(works)
        await outbox.stage_all(tx, leaving.staged, now)
        return outcome

    return await store.write(unit)


async def _ticket(store: Store) -> tickets.Ticket:
    found = await store.read(lambda tx: tickets.one(tx, "T-1"))
    assert found is not None
    return found


TO: dict[tickets.State, tuple[tickets.Act, ...]] = {
    "open": (),
    "resolved": ("resolved",),
    "closed": ("resolved", "closed"),
}


@pytest.mark.parametrize("state", TO)
@pytest.mark.parametrize("act", ticket_acts())
@pytest.mark.parametrize("days", [14, 15])
async def test_r75_every_act_in_every_state_of_a_ticket(
    store: Store, state: tickets.State, act: tickets.Act, days: int
) -> None:
    """It leads where the table says, one step longer, number and history kept; or it is refused and nothing has changed.

    On the fifteenth day after its end a ticket stays as it is.
    """
    number = await _send(store, opened())
    for step in TO[state]:
        assert isinstance(await _send(store, ticket_acts()[step]), Done)
    before = await _ticket(store)
    assert before.state == state
    outcome = await _send(store, ticket_acts()[act], NOW + timedelta(days=days))
    after, past = await _ticket(store), await store.read(lambda tx: tickets.history(tx, before.no))
    expected = ticket_rules.NEXT[state][act]
    if expected == "open" and state != "open" and days > 14:
        assert isinstance(outcome, Refuse)
        assert outcome.code == "reopening_over"
    elif isinstance(expected, Refuse):
        assert outcome == expected
    if isinstance(outcome, Refuse):
        assert after == before
        assert len(past) == before.revision + 1
        return
    assert isinstance(outcome, Done)
    assert (after.state, after.revision) == (expected, before.revision + 1)
    assert number == Done({"number": after.number})
    assert [one.step.act for one in past] == ["opened", *TO[state], act]
    assert past[-1].state == after.state
    assert (after.ended_at is None) == (after.state == "open")


CASE_TO: dict[conduct.State, tuple[conduct.Act, ...]] = {
    "open": (), "referred": ("referred",), "closed": ("outcome_recorded",),
}  # fmt: skip


@pytest.mark.parametrize("state", CASE_TO)
@pytest.mark.parametrize("act", conduct_acts())
async def test_r25_every_act_in_every_state_of_a_case(store: Store, state: conduct.State, act: conduct.Act) -> None:
    """It leads where the table says and stands in the history; or it is refused and nothing has changed."""
    assert isinstance(await _send(store, reported()), Done)
    for step in CASE_TO[state]:
        assert isinstance(await _send(store, conduct_acts()[step]), Done)
    before = await store.read(lambda tx: conduct.one(tx, "C-1"))
    assert before is not None
    assert before.state == state
    outcome = await _send(store, conduct_acts()[act])
    after = await store.read(lambda tx: conduct.one(tx, "C-1"))
    assert after is not None
    past = await store.read(lambda tx: conduct.history(tx, before.no))
    expected = conduct_rules.NEXT[state][act]
    if isinstance(expected, Refuse):
        assert (outcome, after) == (expected, before)
        return
    assert isinstance(outcome, Done)
    assert (after.state, after.revision) == (expected, before.revision + 1)
    assert [one.step.act for one in past] == ["reported", *CASE_TO[state], act]


@pytest.mark.parametrize("message", [*ticket_acts().values(), *conduct_acts().values()], ids=lambda one: one.kind)
async def test_what_comes_before_its_ticket_or_case_waits(store: Store, message: Message) -> None:
    """Messages may overtake each other."""
    assert isinstance(await _send(store, message), Defer)


@pytest.mark.parametrize("message", [opened(), reported()], ids=lambda one: one.kind)
async def test_the_same_is_opened_once(store: Store, message: Message) -> None:
    """A second one of the same id is refused, whatever its message id."""
    assert isinstance(await _send(store, message), Done)
    assert isinstance(await _send(store, message), Refuse)


async def test_r70_numbers_of_tickets_opened_at_once_differ(store: Store) -> None:
    """Each is given out once by the store, and no opening has to be tried again."""
    outcomes = await asyncio.gather(*(_send(store, opened(f"T-{n}")) for n in range(30)))
    numbers = [dict(one.result or {})["number"] for one in outcomes if isinstance(one, Done)]
    assert len(set(numbers)) == 30


async def test_a_step_decided_on_an_old_standing_is_not_written(store: Store) -> None:
    """Two acts at once on one ticket: the second decides again on what the first left."""
    await _send(store, opened())
    seen = await _ticket(store)
    await _send(store, ticket_acts()["assigned"])
    step = tickets.Step("answered", "support@example.org", NOW, 1)
    with pytest.raises(Conflict):
        await store.write(lambda tx: tickets.move(tx, seen, step))
    assert (await _ticket(store)).revision == 1


async def test_r25_a_flood_raises_one_case_a_day(store: Store) -> None:
    """Per ground, subject and local day; another subject, ground or day is another case."""
    day = NOW.date()

    async def raised(ground: str = "query_without_case", about: str = "REG-1", days: int = 0) -> bool:
        on = day + timedelta(days=days)
        case = await store.write(
            lambda tx: conduct.raise_case(
                tx,
                "unauthorised_use",
                ground=ground,
                about=about,
                text="A query without a case.",
                on=on,
                now=NOW,
                seq=1,
            )
        )
        return case is not None

    assert [await raised() for _ in range(3)] == [True, False, False]
    assert await raised(about="REG-2")
    assert await raised(ground="authorisation_failures")
    assert await raised(days=1)
