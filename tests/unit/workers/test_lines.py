"""Those who wait for the same thing keep their order, and have their turns at once when it has come."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from messages.account import AccountProfileChanged, AccountTermsAccepted, AccountTermsPublished
from messages.credential import CredentialChanged
from messages.dispenser import DispenserRegistered
from messages.envelope import Envelope
from messages.registry import kinds
from tests.help_desk import ticket_acts
from tests.people import open_account
from tests.unit.workers.processing import BEGIN, Bench, bench, enveloped, threads, ticket

__all__ = ["bench", "threads"]  # fixtures
SAMPLES = Path(__file__).parents[2] / "samples"


def act(name: str, ticket_id: str = "T-1", message_id: str = "") -> Envelope:
    """Something is done about a ticket."""
    return enveloped(dict(ticket_acts(ticket_id))[name], message_id or f"m-{name}-{ticket_id}")  # type: ignore[index]


def history(bench: Bench) -> list[str]:
    """What was done about all tickets, oldest first."""
    return [row[0] for row in bench.counted.rows("SELECT act FROM ticket_history ORDER BY no")]


async def test_nobody_overtakes_and_nobody_waits_out_a_pause(bench: Bench) -> None:
    """Each has another time; the ticket comes, and in the same second all is done in the order of arrival."""
    for name in ("answered", "resolved", "closed"):
        await bench.take(act(name))
        await bench.wait_turn(minutes=50)
    await bench.take(ticket("T-1"))
    assert await bench.wait_turn(seconds=1) == 3
    assert history(bench) == ["opened", "answered", "resolved", "closed"]
    assert bench.counted.states() == {"done": 4}


async def test_a_batch_that_brings_the_ticket_in_its_middle_keeps_the_order(bench: Bench) -> None:
    """Those behind the ticket stand behind those before it."""
    await bench.take(act("resolved"), ticket("T-1"), act("closed"), ticket("T-2"), act("answered", "T-2"))
    assert bench.counted.states() == {"done": 3, "waiting": 2}
    assert await bench.wait_turn() == 2
    assert history(bench) == ["opened", "opened", "answered", "resolved", "closed"]


async def test_what_arrives_when_the_ticket_is_there_stands_behind_those_who_still_wait(bench: Bench) -> None:
    """It is put behind them, and a message about another ticket is not."""
    await bench.take(act("resolved"))
    await bench.take(ticket("T-1"), ticket("T-2"))
    await bench.take(act("closed"), act("answered", "T-2"))
    assert bench.counted.rows("SELECT code FROM deferred ORDER BY seq") == [("ticket_unknown",), ("in_line",)]
    assert await bench.wait_turn() == 2
    await bench.take(act("reopened"))
    assert history(bench) == ["opened", "opened", "answered", "resolved", "closed", "reopened"]


async def test_whoever_gives_up_lets_the_others_go_on(bench: Bench) -> None:
    """Each is a dead letter after its own seven days; one that came later still has its effect."""
    await bench.take(act("answered"))
    bench.clock.later(days=3)
    await bench.take(act("resolved"))
    await bench.wait_turn(days=4)
    assert bench.counted.dead() == ["ticket_unknown"]
    await bench.take(ticket("T-1"))
    await bench.wait_turn()
    assert history(bench) == ["opened", "resolved"]
    assert bench.counted.states() == {"done": 2, "dead": 1}


async def test_all_of_a_line_give_up_when_the_ticket_never_comes(bench: Bench) -> None:
    """Nobody waits longer than its days."""
    await bench.take(act("answered"), act("resolved"), act("closed"))
    for _ in range(8 * 4):
        await bench.wait_turn(hours=6, minutes=1)
    assert bench.counted.states() == {"dead": 3}


async def test_one_that_fails_in_its_turn_holds_the_others_up_only_until_its_tries_are_over(bench: Bench) -> None:
    """It keeps its place while it is tried again; then it is dead, and the next have their turns."""
    await bench.take(act("answered"), act("resolved"))
    with closing(sqlite3.connect(bench.counted.path)) as connection:
        connection.execute(
            "CREATE TRIGGER bad BEFORE INSERT ON ticket_history WHEN new.act = 'answered' "
            "BEGIN SELECT RAISE(ABORT, 'bad'); END"
        )
    await bench.take(ticket("T-1"))
    assert await bench.wait_turn() == 1
    for _ in range(5):
        await bench.wait_turn(minutes=6)
    assert history(bench) == ["opened", "resolved"]
    assert bench.counted.states() == {"done": 2, "dead": 1}


async def test_terms_that_are_unknown_hold_up_nothing_else_of_an_account(bench: Bench) -> None:
    """The acceptance waits for the terms alone, and has its turn when they are published."""
    administrator = bench.processor.programme.administrators[0]
    await open_account(bench.store, "REG-1")
    accepted = AccountTermsAccepted(account_id="REG-1", version="2027-01", accepted_at=BEGIN)
    await bench.take(enveloped(accepted, "m1"))
    await bench.take(enveloped(AccountProfileChanged(account_id="REG-1", job="Nurse"), "m2"))
    assert bench.counted.states() == {"done": 1, "waiting": 1}
    terms = AccountTermsPublished(version="2027-01", effective_on=date(2027, 1, 1), administrator=administrator)
    await bench.take(enveloped(terms, "m3"))
    assert await bench.wait_turn() == 1
    assert bench.counted.states() == {"done": 3}


async def test_records_that_wait_for_their_dispenser_are_woken_by_any_of_its_numbers(bench: Bench) -> None:
    """They have their turns when it is registered, and hold up nobody."""
    programme = bench.processor.programme
    policy = programme.policy.model_copy(update={"unknown_dispenser_holds": True})
    bench.processor.programme = replace(programme, policy=policy)
    other = DispenserRegistered(dea="AS1234563", dispenser_kind="pharmacy", name="Other", contact_email="o@example.org")
    await bench.take(enveloped(other, "m1"))
    record = (SAMPLES / "dispensation.record_submitted.json").read_bytes()
    await bench.take(Envelope("m2", "dispensation.record_submitted", "portal", record))
    assert bench.counted.rows("SELECT waits_for, in_line FROM deferred") == [("dispenser:AB1234563", 0)]
    known = DispenserRegistered(
        dea="AB1234563", npi="1234567893", dispenser_kind="pharmacy", name="Example", contact_email="e@example.org"
    )
    await bench.take(enveloped(known, "m3"))
    assert await bench.wait_turn() == 1
    assert bench.counted.states() == {"done": 3}


async def test_a_batch_asks_nothing_about_lines_while_nobody_waits(bench: Bench) -> None:
    """The claim tells that nobody does."""
    asked: list[str] = []
    await bench.store._writer.set_trace_callback(asked.append)
    await bench.take(*(ticket(f"T-{number}") for number in range(20)), act("answered", "T-3"))
    assert [one for one in asked if "deferred" in one and "INTO inbox" not in one] == []
    assert bench.counted.states() == {"done": 21}


def test_what_a_kind_builds_on_is_a_field_of_it() -> None:
    """Of every kind that names one; and a thing that is not named is none."""
    assert all(model.builds_on in model.model_fields for model in kinds().values() if model.builds_on)
    changed = CredentialChanged(credential="csp", number="CSP.0012345", status="active", expires_on=date(2027, 1, 1))
    assert changed.prerequisite is None
    assert changed.model_copy(update={"account_id": "REG-1"}).prerequisite == "account_id:REG-1"
