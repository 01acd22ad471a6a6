"""What an operator decides: dead letters spaced, e-mails released or discarded; always with a reason that is kept."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from messages.envelope import Envelope
from store import dead_letters, inbox, outbox
from store.contract import Transaction, as_moment
from store.dead_letters import Reason
from store.outbox import Settled, Staged, State
from tests.unit.workers.cli.filled_store import NOW, Pmp, change, in_store, rows

MANY = 30


async def many_dead(tx: Transaction) -> None:
    """Dead letters of one cause."""
    messages = [Envelope(message_id=f"m{no}", kind="ticket.opened", sender="portal", body=b"{}") for no in range(MANY)]
    taken = await inbox.claim_all(tx, messages, NOW)
    for one in messages:
        await inbox.settle(tx, taken[one.key], "dead", None, NOW)
        await dead_letters.put(
            tx,
            seq=taken[one.key],
            envelope=one,
            reason=Reason("bug", "It failed."),
            origin="process",
            attempts=1,
            now=NOW,
        )


def test_replays_are_spaced(place: Path, pmp: Pmp) -> None:
    """Ten a second: the last of thirty has its turn 2.9 seconds after the first, and none before its place."""
    in_store(place, many_dead)
    code, out, _ = pmp("dead-letters", "replay", "--all-matching", "--why", "mended", "--per-second", "10")
    assert (code, "Replayed: 30." in out, "in 3 s" in out) == (0, True, True)
    due = [as_moment(one) for (one,) in rows(place, "SELECT due_at FROM deferred ORDER BY seq")]
    assert [moment - due[0] for moment in due] == [timedelta(seconds=place / 10) for place in range(MANY)]
    assert pmp("reconcile")[0] == 0


def test_one_replay_is_due_at_once(store: Path, pmp: Pmp) -> None:
    """Nobody waits for a rate that one message cannot exceed."""
    assert pmp("dead-letters", "replay", "1", "--why", "mended")[1] == "Replayed: 1.\n"
    ((due, deferred_at),) = rows(store, "SELECT due_at, deferred_at FROM deferred WHERE code = 'replayed'")
    assert due <= deferred_at


@pytest.mark.parametrize("rate", ["0", "-1", "1001", "many"])
def test_a_rate_that_is_none_is_2(store: Path, pmp: Pmp, rate: str) -> None:
    """Nothing is replayed at a senseless rate."""
    assert pmp("dead-letters", "replay", "1", "--why", "x", "--per-second", rate)[0] == 2
    assert rows(store, "SELECT state FROM dead_letters WHERE no = 1") == [("open",)]


@pytest.mark.parametrize("state", ["held", "unknown", "refused"])
def test_release_sends_again(store: Path, pmp: Pmp, state: str) -> None:
    """What did not arrive is due again as if it were new, and who let it is written down with the reason."""
    change(store, f"UPDATE outbox SET state = '{state}', attempts = 3, unknowns = 1 WHERE no = 1")
    call = ("outbox", "release", "1", "--why", "asked the recipient", "--json")
    wanted = {"act": "release", "dry_run": True, "numbers": [1], "not_releasable": []}
    assert json.loads(pmp(*call, "--dry-run")[1]) == wanted
    assert rows(store, "SELECT state FROM outbox WHERE no = 1") == [(state,)]
    code, out, _ = pmp(*call)
    assert (code, json.loads(out)) == (0, wanted | {"dry_run": False})
    assert rows(store, "SELECT state, attempts, unknowns, settled_at FROM outbox WHERE no = 1") == [("due", 0, 0, None)]
    acts = rows(store, "SELECT act, object, operator, why FROM operator_acts ORDER BY no")
    assert acts[-1] == ("outbox released", "outbox 1", "grace", "asked the recipient")
    assert "released   by grace: asked the recipient" in pmp("trace", "good")[1]


@pytest.mark.parametrize("state", ["due", "held", "unknown", "refused"])
def test_discard_never_sends(store: Path, pmp: Pmp, state: str) -> None:
    """It stays where it is, with the reason, and nothing can release it any more."""
    change(store, f"UPDATE outbox SET state = '{state}' WHERE no = 1")
    assert pmp("outbox", "discard", "1", "--why", "they called us")[:2] == (0, "Discarded: 1.\n")
    assert [one["no"] for one in json.loads(pmp("outbox", "list", "--state", "discarded", "--json")[1])] == [1]
    assert rows(store, "SELECT act, why FROM operator_acts ORDER BY no")[-1] == ("outbox discarded", "they called us")
    code, out, _ = pmp("outbox", "release", "1", "--why", "x")
    assert (code, "Not releasable: 1." in out) == (1, True)
    assert pmp("reconcile")[0] == 0


@pytest.mark.parametrize("state", ["sent", "claimed", "handed_over"])
@pytest.mark.parametrize("act", ["release", "discard"])
def test_what_has_left_or_is_leaving_is_left_alone(store: Path, pmp: Pmp, state: str, act: str) -> None:
    """A second copy is never sent by mistake, and no act is written down that did not happen; 99 does not exist."""
    change(store, f"UPDATE outbox SET state = '{state}' WHERE no = 1")
    before = rows(store, "SELECT * FROM outbox")
    for form in (["--dry-run"], []):
        code, out, _ = pmp("outbox", act, "1", "99", "--why", "x", "--json", *form)
        told = json.loads(out)
        assert (code, told["numbers"], told["dry_run"]) == (1, [], bool(form))
        assert next(iter(told.values())) == act
        assert [1, 99] in told.values()
    assert rows(store, "SELECT * FROM outbox") == before
    assert rows(store, "SELECT count(*) FROM operator_acts") == [(1,)]


async def one_mail_in_each_state(tx: Transaction) -> None:
    """Mails 1 to 4 wait, are refused, unknown and held; 5 is an event that waits."""
    mails = [Staged("mail", f"ticket.{name}", "a@example.org", {}) for name in ("opened", "closed", "opened", "opened")]
    await outbox.stage_all(tx, [*mails, Staged("event", "ticket.opened", "ticket.opened", {})], NOW)
    await outbox.lease(tx, "mail", now=NOW, leased_until=NOW, leased_by="relay", most=4)
    states: list[State] = ["due", "refused", "unknown", "held"]
    await outbox.settle_all(tx, [Settled(no, state, 1, NOW, "") for no, state in enumerate(states, 1)], "relay", NOW)


@pytest.mark.parametrize(
    ("argv", "numbers"),
    [
        (["release"], [2, 3]), (["release", "--state", "held"], [4]), (["release", "--name", "ticket.closed"], [2]),
        (["release", "--channel", "event"], []), (["discard"], [2, 3, 4]), (["discard", "--state", "due"], [1, 5]),
        (["discard", "--state", "due", "--channel", "event"], [5]),
    ],
)  # fmt: skip
def test_all_that_match_are_acted_on(place: Path, pmp: Pmp, argv: list[str], numbers: list[int]) -> None:
    """What may have arrived is sent again, and what only waits is dropped, by nobody who did not name that state."""
    in_store(place, one_mail_in_each_state)
    call = ("outbox", *argv, "--all-matching", "--why", "the server was mended", "--json")
    before = rows(place, "SELECT no, state FROM outbox")
    code, out, _ = pmp(*call, "--dry-run")
    assert (code, json.loads(out)["numbers"], rows(place, "SELECT no, state FROM outbox")) == (0, numbers, before)
    code, out, _ = pmp(*call)
    assert (code, json.loads(out)["numbers"]) == (0, numbers)
    now_in = dict(before) | dict.fromkeys(numbers, "due" if argv[0] == "release" else "discarded")
    assert rows(place, "SELECT no, state FROM outbox") == list(now_in.items())
    objects = rows(place, "SELECT object FROM operator_acts WHERE why = 'the server was mended' ORDER BY no")
    assert objects == [(f"outbox {no}",) for no in numbers]


@pytest.mark.parametrize(
    "argv",
    [
        ["outbox", "release", "--why", "x"], ["outbox", "discard", "1", "--why", " "],
        ["outbox", "release", "1", "--all-matching", "--why", "x"], ["outbox", "release", "--state", "due", "--why", "x"],
        ["outbox", "discard", "1", "--state", "due", "--why", "x"], ["outbox", "discard", "--all-matching"],
    ],
)  # fmt: skip
def test_an_act_on_nothing_or_without_a_reason_is_2(store: Path, pmp: Pmp, argv: list[str]) -> None:
    """Nothing happens to nothing, nor without a reason."""
    code, out, err = pmp(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)


def at_a_terminal(argv: list[str]) -> tuple[bytes, bytes]:
    """What the command wrote on standard output, and what a person saw on the terminal that standard error is."""
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; from workers.cli import main; sys.exit(main({argv!r}))"],
        stdout=subprocess.PIPE,
        stderr=slave,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "PYTHONPATH": str(Path(__file__).parents[4])},
        check=True,
    )
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # Linux says so when the other end is closed
        os.close(master)
    return done.stdout, shown


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_bar_is_only_for_a_terminal(place: Path, form: list[str]) -> None:
    """On a terminal standard error shows how far it is, save with --json; standard output never holds a trace of it."""
    in_store(place, many_dead)
    out, shown = at_a_terminal(["dead-letters", "discard", "--all-matching", "--why", "x", *form])
    assert (b"Discarding" in shown, b"30/30" in shown) == ((not form), (not form))
    assert out.startswith(b"{" if form else b"Discarded: 30.")


def test_a_person_is_told_how_to_follow_a_replay(store: Path, pmp: Pmp) -> None:
    """The command that tells the message's story, on a terminal alone; not after a dry run, which changed nothing."""
    call = ["dead-letters", "replay", "1", "--why", "mended"]
    assert b"pmp trace" not in at_a_terminal([*call, "--dry-run"])[1]
    out, shown = at_a_terminal(call)
    assert (out, b"`pmp trace broken` tells what becomes of it" in shown) == (b"Replayed: 1.\n", True)
    change(store, "UPDATE dead_letters SET state = 'open' WHERE no = 1")
    change(store, "DELETE FROM deferred WHERE code = 'replayed'")
    code, _, err = pmp(*call)
    assert (code, err) == (0, "")
