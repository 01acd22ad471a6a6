"""The command line: exit codes, JSON, and what is never shown, on a store filled through its own functions."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from messages.errors import (
    BrokerAway,
    Invalid,
    MailServerAway,
    Misconfigured,
    OutcomeUnknown,
    PmpError,
    StoreAway,
)
from store import inbox
from store.contract import Conflict, Transaction
from tests.site import locked
from tests.unit.workers.cli.filled_store import NOW, SAMPLES, SECRET, Pmp, change, in_store, message, rows
from workers.cli import COMMANDS
from workers.cli.app import WrongUse, exit_code
from workers.cli.presenting import clean, span
from workers.cli.shapes import shapes_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid("x"), 1), (WrongUse("x"), 2), (StoreAway("x"), 69), (BrokerAway("x"), 69), (MailServerAway("x"), 69),
        (OutcomeUnknown("x"), 69), (Conflict("x"), 69), (Misconfigured("x"), 78), (PmpError("x"), 1),
    ],
)  # fmt: skip
def test_each_error_has_its_exit_code(error: PmpError, code: int) -> None:
    """A script tells by the code whether to mend the input, the call, the site, or to wait."""
    assert exit_code(error) == code


def test_help_names_every_command_and_loads_nothing() -> None:
    """The overview is there without the command line library, the broker's, or the store's."""
    script = (
        "import sys; from workers.cli import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('cyclopts', 'rich', 'pydantic', 'aio_pika')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded(pmp: Pmp, name: str) -> None:
    """Each place in the table of commands holds a command that explains itself."""
    code, out, _ = pmp(name, "--help")
    assert (code, f"pmp {name}" in out) == (0, True)


@pytest.mark.parametrize(
    "argv",
    [
        ["no-such-command"], ["trace"], ["dead-letters", "replay", "1"], ["dead-letters", "replay", "--why", "x"],
        ["dead-letters", "discard", "1", "--all-matching", "--why", "x"], ["dead-letters", "replay", "1", "--why", " "],
        ["dead-letters", "show", "1", "--reveal"], ["dead-letters", "replay", "1", "--kind", "x", "--why", "x"],
        ["sweep", "no_such_sweep"], ["sweep", "password_expiry", "--on", "soon"], ["submit"],
        ["submit", "a", "b", "--message-id", "x"],
    ],
)  # fmt: skip
def test_wrong_use_is_2_and_does_nothing(store: Path, pmp: Pmp, argv: list[str]) -> None:
    """A call that makes no sense says so in one sentence and touches nothing."""
    code, out, err = pmp(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert rows(store, "SELECT count(*) FROM operator_acts") == [(1,)]


def test_wrong_settings_are_78_without_their_value(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting at fault is named in one sentence, no value is, and there is no traceback."""
    monkeypatch.setenv("PMP_SMTP_PORT", "s3cret")
    monkeypatch.setenv("PMP_PREFETCH", "0")
    code, out, err = pmp("settings")
    assert (code, out) == (78, "")
    assert "PMP_SMTP_PORT" in err
    assert "PMP_PREFETCH" in err
    assert "s3cret" not in err
    assert "Traceback" not in err


def test_looking_at_no_store_makes_none(place: Path, pmp: Pmp) -> None:
    """A wrong PMP_STORE is told, and no empty store appears there."""
    assert pmp("status")[0] == 78
    assert not place.exists()
    in_file = sqlite3.connect(place)
    in_file.close()
    place.touch()
    code, _, err = pmp("reconcile")
    assert (code, "pmp migrate" in err) == (78, True)


def test_migrate_makes_the_tables_once(place: Path, pmp: Pmp) -> None:
    """The first run applies everything, the second nothing."""
    assert "0001_main_path" in json.loads(pmp("migrate", "--json")[1])["applied"]
    assert json.loads(pmp("migrate", "--json")[1]) == {"applied": []}


def test_a_locked_store_is_69(store: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that another process holds is away: the same command works later."""
    monkeypatch.setattr("store.sqlite._BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, _, err = pmp("dead-letters", "replay", "1", "--why", "mended")
        other.execute("ROLLBACK")
    assert (code, "Traceback" in err) == (69, False)
    assert rows(store, "SELECT state FROM dead_letters WHERE no = 1") == [("open",)]


def test_a_process_that_never_gets_its_store_is_69(store: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last sentence says what it waited for, how long, and which setting decides."""
    monkeypatch.setattr("store.sqlite._BUSY_SECONDS", 0.02)
    monkeypatch.setenv("PMP_STORE_PATIENCE_SECONDS", "0.1")
    with locked(store):
        code, out, err = pmp("scheduler")
    assert (code, out, "Traceback" in err) == (69, "", False)
    assert "waits_for_store" in err
    assert err.splitlines()[-1].startswith("pmp: The store let nobody in for 0.1 s (PMP_STORE_PATIENCE_SECONDS).")


def test_status_as_json(store: Path, pmp: Pmp) -> None:
    """The shape that programs read."""
    code, out, _ = pmp("status", "--json")
    seen = json.loads(out)
    assert code == 0
    assert list(seen) == ["queues", "inbox", "outbox", "deferred", "dead_letters", "sweeps"]
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
    assert (seen["queues"], seen["sweeps"]) == ([], [])


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
    assert pmp("reconcile")[0] == 0


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


def test_dead_letters_are_listed_by_filter(store: Path, pmp: Pmp) -> None:
    """Open ones by default; filters narrow; a body is never part of it."""
    code, out, _ = pmp("dead-letters", "list", "--json")
    assert (code, [one["no"] for one in json.loads(out)]) == (0, [1])
    assert SECRET not in out
    assert len(json.loads(pmp("dead-letters", "list", "--state", "any", "--json")[1])) == 2
    for other in (("--kind", "x"), ("--code", "x"), ("--sender", "x"), ("--state", "replayed")):
        assert json.loads(pmp("dead-letters", "list", *other, "--json")[1]) == []


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_show_hides_values_until_asked(store: Path, pmp: Pmp, form: list[str]) -> None:
    """Field names and shapes only; with --reveal the whole, and that is written down before it is seen."""
    code, out, _ = pmp("dead-letters", "show", "1", *form)
    assert (code, "applicant.name" in out) == (0, True)
    assert not any(value in out for value in (SECRET, "Rosa", "98765432"))
    assert rows(store, "SELECT count(*) FROM operator_acts") == [(1,)]
    code, out, _ = pmp("dead-letters", "show", "1", "--reveal", "--why", "asked by the sender", *form)
    assert (code, SECRET in out) == (0, True)
    acts = rows(store, "SELECT act, object, operator, why FROM operator_acts ORDER BY no")
    assert acts[-1] == ("dead letter revealed", "dead letter 1", "grace", "asked by the sender")


def test_replay_and_discard(store: Path, pmp: Pmp) -> None:
    """A dry run counts, the act moves, a second act on the same finds it not open and is 1."""
    every = ("dead-letters", "replay", "--all-matching", "--code", "invalid", "--why", "mended", "--json")
    assert json.loads(pmp(*every, "--dry-run")[1]) == {
        "act": "replay", "dry_run": True, "numbers": [1], "not_open": [],
    }  # fmt: skip
    assert rows(store, "SELECT state FROM dead_letters WHERE no = 1") == [("open",)]
    assert json.loads(pmp(*every)[1])["numbers"] == [1]
    assert rows(store, "SELECT state, resolved_by FROM dead_letters WHERE no = 1") == [("replayed", "grace")]
    code, out, _ = pmp("dead-letters", "discard", "1", "99", "--why", "x", "--json")
    assert (code, json.loads(out)["not_open"]) == (1, [1, 99])


def test_check_needs_nothing(place: Path, pmp: Pmp) -> None:
    """A good file is 0, a bad one or bad records 1, an absent file 1; no store appears."""
    code, out, _ = pmp("check", str(SAMPLES / "accepted.clean.version-5.0.dat"), "--json")
    report = json.loads(out)
    assert (code, report["verdict"], report["faults_total"]) == (0, "accepted", 0)
    assert list(report) == ["version", "transaction", "verdict", "pharmacies", "faults", "faults_total"]
    assert pmp("check", str(SAMPLES / "accepted.R05+R12+R14.record-errors.dat"))[0] == 1
    assert pmp("check", str(SAMPLES / "accepted.F10+R09+R13+R27.warnings.dat"))[0] == 0
    code, out, _ = pmp("check", str(SAMPLES / "failed.F08.control-numbers-differ.dat"))
    assert (code, "F08" in out) == (1, True)
    assert pmp("check", "no-such-file")[0] == 1
    assert not place.exists()


def test_a_sweep_by_hand_runs_once(store: Path, pmp: Pmp) -> None:
    """A dry run claims nothing; the run is the date's only one, and status shows it."""
    call = ("sweep", "password_expiry", "--on", "2026-11-24", "--json")
    assert json.loads(pmp(*call, "--dry-run")[1])["ran"] is False
    assert [json.loads(pmp(*call)[1])["ran"] for _ in range(2)] == [True, False]
    (run,) = json.loads(pmp("status", "--json")[1])["sweeps"]
    assert (run["sweep"], run["for_date"]) == ("password_expiry", "2026-11-24")


def test_outbox_list(store: Path, pmp: Pmp) -> None:
    """What leaves, by channel and state, with what the other side said."""
    (mail,) = json.loads(pmp("outbox", "list", "--channel", "mail", "--json")[1])
    assert (mail["state"], mail["reply"]) == ("sent", "250 taken as 77")
    assert json.loads(pmp("outbox", "list", "--state", "held", "--json")[1]) == []


def test_mail_folder(place: Path, pmp: Pmp) -> None:
    """E-mails are listed without their text and shown by the beginning of their id."""
    assert pmp("mail", "list", "--json")[:2] == (0, "[]\n")
    assert pmp("mail", "show", "x")[0] == 78
    folder = place.parent / "mail"
    folder.mkdir()
    head = "Date: Tue, 24 Nov 2026 09:00:00 +0000\nTo: a@example.org\nSubject: Hello\nX-PMP-Notice: ticket.opened\n"
    (folder / "abc1.eml").write_text(f"{head}\nThe text.\n")
    (listed,) = json.loads(pmp("mail", "list", "--json")[1])
    assert listed["id"] == "abc1"
    assert "text" not in listed
    code, out, _ = pmp("mail", "show", "abc")
    assert (code, "The text." in out) == (0, True)
    assert pmp("mail", "show", "zzz")[0] == 1


@pytest.mark.parametrize("argv", [["doctor"], ["topology", "declare"], ["publish", "ticket.opened", __file__]])
def test_without_a_broker_set_what_needs_one_is_78(place: Path, pmp: Pmp, argv: list[str]) -> None:
    """The sentence names the setting."""
    code, _, err = pmp(*argv)
    assert (code, "PMP_AMQP_URL" in err) == (78, True)


def test_a_broker_away_is_69(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handing in a file while nobody answers is no fault of the file."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://guest:pa55@127.0.0.1:1/")
    code, _, err = pmp("submit", str(SAMPLES / "accepted.clean.version-5.0.dat"))
    assert (code, "pa55" in err, "Traceback" in err) == (69, False, False)


def test_topology_show_needs_no_broker(place: Path, pmp: Pmp) -> None:
    """What must stand is known without looking."""
    planned = json.loads(pmp("topology", "show", "--json")[1])
    assert {"pmp.dead", "pmp.unrouted", "pmp.files"} <= {queue["name"] for queue in planned["queues"]}
    assert any(policy["definition"].get("dead-letter-strategy") for policy in planned["policies"])


def test_settings_show_no_secret(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is told to be set and nothing more."""
    monkeypatch.setenv("PMP_SMTP_PASSWORD", "pa55")
    for form in ([], ["--json"]):
        code, out, _ = pmp("settings", *form)
        assert (code, "PMP_SMTP_PASSWORD" in out, "pa55" in out) == (0, True, False)


def test_keys_are_ones_that_settings_take(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The printed entry, set as it is, gives workers a key; each call makes another."""
    name, _, value = pmp("keys", "new")[1].strip().partition("=")
    assert pmp("keys", "new")[1].strip() != f"{name}={value}"
    monkeypatch.setenv(name, value)
    assert pmp("settings")[0] == 0


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=40), "40 s"), (timedelta(minutes=4, seconds=30), "4 min"), (timedelta(hours=3), "3 h"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"), (timedelta(days=1), "1 day"), (timedelta(days=12), "12 days"),
        (timedelta(minutes=-4), "in 4 min"),
    ],
)  # fmt: skip
def test_ages_are_words(length: timedelta, words: str) -> None:
    """The largest unit that fits."""
    assert span(length) == words


def test_no_control_character_reaches_a_terminal() -> None:
    """What a sender wrote cannot move the cursor or colour the screen."""
    assert "\x1b" not in clean("\x1b[31mred\x9b")
    assert clean("line\nline") == "line\nline"


def test_shapes_of_other_bodies() -> None:
    """An ASAP file is told by its segments, anything else by its size."""
    asap = dict(shapes_of((SAMPLES / "accepted.clean.version-5.0.dat").read_bytes()))
    assert asap["TH"] == "1 segment"
    assert asap["DSP"] == "3 segments"
    assert shapes_of(b"\xff\xfe") == [("body", "2 bytes, not JSON")]
    assert shapes_of(b"[" * 100_000) == [("body", "100000 bytes, not JSON")]
