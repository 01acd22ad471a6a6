"""What whoever is woken up sees: what stands where, one message's story, whether all of them are accounted for."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from store import inbox, troubles
from store.contract import Transaction
from tests.unit.workers.cli.filled_store import NOW, SECRET, Pmp, change, in_store, message
from workers.depths import Depth
from workers.settings import Settings


def test_status_as_json(store: Path, pmp: Pmp) -> None:
    """The shape that programs read."""
    code, out, _ = pmp("status", "--json")
    seen = json.loads(out)
    assert code == 0
    assert list(seen) == ["queues", "inbox", "outbox", "deferred", "dead_letters", "sweeps", "troubles"]
    assert {state: one["count"] for state, one in seen["inbox"].items()} == dict.fromkeys(
        ("dead", "discarded", "done", "refused", "waiting"), 1
    )
    assert set(seen["inbox"]["done"]) == {"count", "oldest_at"}
    assert [(o["channel"], o["state"], o["count"]) for o in seen["outbox"]] == [
        ("event", "due", 1),
        ("mail", "sent", 1),
    ]
    assert set(seen["deferred"]) == {"count", "oldest_at", "next_due_at"}
    assert seen["dead_letters"]["open"]["count"] == 1
    assert seen["dead_letters"]["groups"][0]["text"] == "A field is at fault."
    assert (seen["queues"], seen["sweeps"], seen["troubles"]) == ([], [], [])


def test_status_says_what_fails(store: Path, pmp: Pmp) -> None:
    """First of all: since when, how often, what and where; once it goes well nothing is said of it."""

    async def fail(tx: Transaction) -> None:
        for minutes in (0, 20):
            await troubles.note(tx, "sweep retention", "KeyError at here.py:1:f", NOW + timedelta(minutes=minutes))

    in_store(store, fail)
    _, out, _ = pmp("status")
    assert out.index("What fails, and is tried again") < out.index("Open dead letters")
    assert "sweep retention" in out
    (seen,) = json.loads(pmp("status", "--json")[1])["troubles"]
    assert (seen["part"], seen["failures"], seen["error"]) == ("sweep retention", 2, "KeyError at here.py:1:f")
    in_store(store, lambda tx: troubles.finish(tx, "sweep retention", NOW))
    assert "What fails" not in pmp("status")[1]


def test_status_for_people(store: Path, pmp: Pmp) -> None:
    """Ages and causes stand in words, and the next step beside them."""
    _, out, _ = pmp("status")
    assert "1 h" in out
    assert "A field is at fault. (invalid)" in out
    assert "pmp dead-letters replay --all-matching" in out
    assert "does a relay run?" in out


@pytest.mark.parametrize("command", ["status", "reconcile"])
def test_the_store_is_shown_while_the_broker_is_away(
    store: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A broker that does not answer is 69, and what the store holds stands there all the same."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:pa55@127.0.0.1:1/")
    code, out, err = pmp(command, "--json")
    assert (code, json.loads(out)["queues"]) == (69, [])
    assert "The queues are not shown" in err
    assert "pa55" not in err


def test_missing_queues_are_told_with_one_cure(store: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are; none, when all are there."""
    queues = [Depth("pmp.ticket", None, None), Depth("pmp.mail", None, None), Depth("pmp.files", 0, 1)]

    async def seen(_: Settings) -> tuple[Depth, ...]:
        return tuple(queues)

    monkeypatch.setenv("PMP_AMQP_URL", "amqp://127.0.0.1:1/")
    monkeypatch.setattr("workers.depths.depths", seen)
    out = pmp("status")[1]
    assert (out.count("missing  "), out.count("pmp topology declare")) == (2, 1)
    del queues[:2]
    assert "pmp topology declare" not in pmp("status")[1]


def test_trace_tells_a_dead_letters_story(store: Path, pmp: Pmp) -> None:
    """Arrival, death, what operators did, in order; never a value."""
    pmp("dead-letters", "show", "1", "--reveal", "--why", "asked by the sender")
    pmp("dead-letters", "replay", "1", "--why", "mended")
    code, out, _ = pmp("trace", "broken", "--json")
    (story,) = json.loads(out)
    assert (code, story["state"], story["sender"]) == (0, "waiting", "portal")
    assert [event["what"] for event in story["events"]] == ["received", "dead", "revealed", "replayed", "deferred"]
    assert "by grace: mended" in story["events"][3]["text"]
    assert SECRET not in out


def test_trace_tells_what_left(store: Path, pmp: Pmp) -> None:
    """An e-mail stands there with the mail server's answer; a refusal with its reason."""
    assert "ticket.opened to a@example.org: sent, told: 250 taken as 77" in pmp("trace", "good")[1]
    assert "The address is taken. (address_taken)" in pmp("trace", "no")[1]
    assert "The account is not there yet." in pmp("trace", "later")[1]


def test_trace_finds_an_id_that_was_used_twice(store: Path, pmp: Pmp) -> None:
    """The second content under one id has a story of its own; ids that only begin alike have none."""
    second = message("good").with_reused_id()

    async def claim(tx: Transaction) -> None:
        await inbox.claim_all(tx, [second, message("goodness")], NOW)

    in_store(store, claim)
    told = [story["message_id"] for story in json.loads(pmp("trace", "good", "--json")[1])]
    assert told == ["good", second.message_id]


def test_trace_of_nothing_is_1(store: Path, pmp: Pmp) -> None:
    """An id that was never taken is the input's fault."""
    assert pmp("trace", "never", "--json")[:2] == (1, "[]\n")


def test_reconcile_is_clean(store: Path, pmp: Pmp) -> None:
    """One message in every state, each in exactly one place; also after a replay and a discard."""
    code, out, _ = pmp("reconcile", "--json")
    found = json.loads(out)
    assert (code, found["clean"], found["taken"], found["offences"]) == (0, True, 5, [])
    pmp("dead-letters", "replay", "1", "--why", "mended")
    code, out, _ = pmp("reconcile")
    assert (code, out.splitlines()[-1]) == (0, "Clean in the store; the queues were not seen.")


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("DELETE FROM deferred", "waiting_not_deferred"),
        ("UPDATE inbox SET state = 'done' WHERE state = 'waiting'", "deferred_not_waiting"),
        ("DELETE FROM inbox WHERE state = 'waiting'", "deferred_orphan"),
        ("DELETE FROM dead_letters WHERE state = 'open'", "dead_without_letter"),
        ("UPDATE inbox SET state = 'done' WHERE state = 'dead'", "letter_not_dead"),
        ("UPDATE dead_letters SET state = 'open', seq = 4", "letter_twice"),
        ("DELETE FROM inbox WHERE state = 'dead'", "letter_orphan"),
        ("DELETE FROM dead_letters WHERE state = 'discarded'", "discarded_without_letter"),
        ("DELETE FROM inbox WHERE state = 'done'", "outbox_orphan"),
        ("UPDATE inbox SET state = 'odd' WHERE state = 'done'", "state_unknown"),
    ],
)
def test_reconcile_names_what_is_wrong(store: Path, pmp: Pmp, damage: str, rule: str) -> None:
    """Each way to lose or double a message is found, is 1, and is named in words with its place."""
    change(store, damage)
    code, out, _ = pmp("reconcile", "--json")
    found = json.loads(out)
    assert (code, found["clean"]) == (1, False)
    offence = next(one for one in found["offences"] if one["rule"] == rule)
    assert offence["count"] == len(offence["places"]) >= 1
    assert f"NOT RIGHT: {offence['places'][0]} {offence['text']}." in pmp("reconcile")[1]
