"""The command line: exit codes, help, settings and words, on a store filled through its own functions."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from messages.errors import (
    BrokerAway,
    Invalid,
    Misconfigured,
    PmpError,
    StoreAway,
    StoreUnusable,
)
from store.contract import Conflict
from tests.site import locked
from tests.unit.workers.cli.filled_store import SAMPLES, Pmp, rows
from workers.cli import COMMANDS, EXITS
from workers.cli.app import AT_FAULT, AWAY, BUG, CONFIGURATION, GOOD, READER_GONE, USAGE, WrongUse, exit_code
from workers.cli.presenting import clean, counted, moment, print_table, say_folded, span
from workers.topology.doctor import UNMANAGED, Finding, refuse_to_start
from workers.topology.plan import plan
from workers.topology.queue_rules import missing_queue
from workers.watchdog import EXIT_CODE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Invalid("x"), 1), (WrongUse("x"), 2), (StoreAway("x"), 69), (BrokerAway("x"), 69),
        (StoreUnusable("x"), 78), (Conflict("x"), 69), (Misconfigured("x"), 78), (PmpError("x"), 1),
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


def test_help_and_readme_name_every_exit_code_alike(pmp: Pmp) -> None:
    """Also those that no error of ours has: a stuck process, Ctrl-C, a reader gone."""
    readme = (Path(__file__).parents[4] / "README.md").read_text()
    rows = re.findall(
        r"^\| (\d+) \| (.+?) \|(?: (.+?))? \|$", readme.replace("\\|", "or").replace("`", ""), re.MULTILINE
    )
    told = {code: (meaning.replace("|", "or"), act) for code, (meaning, act) in EXITS.items()}
    assert {int(code): (meaning, act) for code, meaning, act in rows} == told
    out = pmp("--help")[1]
    assert all(f"{code} {meaning}" in " ".join(out.split()) for code, (meaning, _) in EXITS.items())
    assert max(map(len, out.splitlines())) <= 80
    assert {GOOD, AT_FAULT, USAGE, AWAY, EXIT_CODE, CONFIGURATION, READER_GONE} < EXITS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded(pmp: Pmp, name: str) -> None:
    """Each place in the table of commands holds a command that explains itself."""
    code, out, _ = pmp(name, "--help")
    assert (code, f"pmp {name}" in out) == (0, True)


@pytest.mark.parametrize(
    "argv", [["submissions", "list"], ["outbox", "release"], ["dead-letters", "replay"], ["sweep"], ["submit"]]
)
def test_help_tells_defaults_that_say_something(pmp: Pmp, argv: list[str]) -> None:
    """Numbers and choices; not that nothing is set, that a flag is off, or that the limit is beyond every number."""
    _, out, _ = pmp(*argv, "--help")
    assert not any(
        empty in out for empty in ('default: ""', "default: False", "default: None", str(1 << 62), "[choices: ,")
    )


def test_a_reader_that_has_seen_enough_is_no_fault(store: Path) -> None:
    """``pmp status | head`` ends as a shell expects of any program, without a traceback."""
    reads, writes = os.pipe()
    os.close(reads)
    done = run("import sys; from workers.cli import main; sys.exit(main(['status']))", writes)
    os.close(writes)
    assert (done.returncode, "Traceback" in done.stderr, "Exception" in done.stderr) == (141, False, False)


def test_a_pipe_that_breaks_elsewhere_is_not_taken_for_a_reader_gone() -> None:
    """Somebody still reads the output: nothing is passed over in silence."""
    script = (
        "import os, sys, handlers.rules.roles, workers.cli\n"
        "reads, writes = os.pipe()\n"
        "os.close(reads)\n"
        "handlers.rules.roles.load_roles = lambda *_: os.write(writes, b'to a server')\n"
        "sys.exit(workers.cli.main(['roles']))"
    )
    done = run(script, subprocess.PIPE)
    assert (done.returncode, "BrokenPipeError" in done.stderr) == (BUG, True)


def test_a_fault_of_ours_is_not_one_of_the_input(pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own code, its kind and places on standard error, and no value that it holds."""

    def raises(*_: object) -> None:
        raise KeyError("Zoe Quick")

    monkeypatch.setattr("handlers.rules.roles.load_roles", raises)
    code, out, err = pmp("roles")
    assert (code, out) == (EXIT_CODE, "")
    assert err.startswith("pmp: This is a fault of the program itself, KeyError;")
    assert re.search(r"^  test_cli\.py:\d+:raises$", err, re.MULTILINE)
    assert "Zoe" not in err


def run(script: str, stdout: int) -> subprocess.CompletedProcess[str]:
    """A Python of its own has run the script."""
    path = {"PYTHONPATH": str(Path(__file__).parents[4])}
    return subprocess.run(
        [sys.executable, "-c", script], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
        env=os.environ | path,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("ticket.open", "did you mean ticket.opened"),
        ("ticket.vanished", "ticket."),
        ("weather.changed", "`pmp kinds list`"),
    ],
)
def test_a_kind_that_is_none_is_told_with_those_like_it(place: Path, pmp: Pmp, kind: str, told: str) -> None:
    """Three at most, or its family's; not all there are."""
    code, _, err = pmp("publish", kind, __file__)
    assert (code, told in err, "account.suspended" in err) == (2, True, False)


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
    assert err.splitlines()[-1].startswith("pmp: The store let nobody in for 0.1 s (PMP_STORE_PATIENCE_SECONDS).")


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


def test_the_doctor_names_the_cure_once(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many things it mends; not at all where it mends none."""
    missing = [missing_queue(queue) for queue in plan(("ticket", "mail")).queues]
    findings = [*missing, UNMANAGED]

    async def examined(*_: object) -> list[Finding]:
        return findings

    monkeypatch.setenv("PMP_AMQP_URL", "amqp://127.0.0.1:1/")
    monkeypatch.setattr("workers.topology.doctor.examine", examined)
    code, out, _ = pmp("doctor")
    assert (code, out.count("pmp topology declare"), out.count("declare it anew")) == (1, 1, len(missing))
    with pytest.raises(Misconfigured) as refused:
        refuse_to_start(replace(one, severity="loses_messages") for one in missing)
    assert str(refused.value).count("pmp topology declare") == 1
    findings = [UNMANAGED]
    assert "pmp topology declare" not in pmp("doctor")[1]


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


def test_moments_and_numbers_are_words() -> None:
    """To the second, always with its zone; a date stays a date; one of a thing is not several."""
    assert moment("2026-11-24T15:59:42.706484Z") == "2026-11-24 15:59:42 UTC"
    assert moment("2026-11-24T15:55") == "2026-11-24 15:55 UTC"
    assert moment("2026-11-24") == "2026-11-24"
    assert (counted(1, "attempt"), counted(3, "attempt")) == ("1 attempt", "3 attempts")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_narrow_terminal_cuts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses and numbers are folded: each of their letters is on the screen."""

    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("TERM", "xterm")
    print_table("Mails", ["no", "to", "subject"], [[1, "administrators-of-it@example.org", "A" * 60]])
    shown = terminal.getvalue()
    assert "…" not in shown
    assert shown.count("A") == 60
    assert len(shown.splitlines()) > 5


def test_a_list_of_fields_is_folded_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal; what follows is indented, and no line is longer than it is wide."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    names = [f"field_number_{place}" for place in range(9)]
    say_folded(f"registrations: {', '.join(names)}", indent="    ")
    shown = terminal.getvalue().splitlines()
    assert all(len(line) <= 40 and line.startswith("    ") for line in shown)
    assert " ".join(line.strip() for line in shown) == f"registrations: {', '.join(names)}"


def test_no_control_character_reaches_a_terminal() -> None:
    """What a sender wrote cannot move the cursor or colour the screen."""
    assert "\x1b" not in clean("\x1b[31mred\x9b")
    assert clean("line\nline") == "line\nline"
