"""Dead letters, what leaves and sweeps, listed and acted on; never a value of a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.workers.cli.filled_store import SAMPLES, SECRET, Pmp, rows
from workers.cli.shapes import shapes_of


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


def test_a_sweep_by_hand_runs_once(store: Path, pmp: Pmp) -> None:
    """A dry run claims nothing; the run is the date's only one, and status shows it."""
    call = ("sweep", "password_expiry", "--on", "2025-11-24", "--json")
    assert json.loads(pmp(*call, "--dry-run")[1])["ran"] is False
    assert [json.loads(pmp(*call)[1])["ran"] for _ in range(2)] == [True, False]
    (run,) = json.loads(pmp("status", "--json")[1])["sweeps"]
    assert (run["sweep"], run["for_date"]) == ("password_expiry", "2025-11-24")


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
    head = "Date: Tue, 24 Nov 2026 09:00:00 -0500\nTo: a@example.org\nSubject: Hello\nX-PMP-Notice: ticket.opened\n"
    (folder / "abc1.eml").write_text(f"{head}\nThe text.\n")
    (listed,) = json.loads(pmp("mail", "list", "--json")[1])
    assert listed["id"] == "abc1"
    assert "text" not in listed
    assert listed["date"].startswith("2026-11-24T14:00:00")
    assert "2026-11-24 14:00:00 UTC" in pmp("mail", "list")[1]
    code, out, _ = pmp("mail", "show", "abc")
    assert (code, "The text." in out) == (0, True)
    assert pmp("mail", "show", "zzz")[0] == 1


def test_shapes_of_other_bodies() -> None:
    """An ASAP file is told by its segments, anything else by its size."""
    asap = dict(shapes_of((SAMPLES / "accepted.clean.version-5.0.dat").read_bytes()))
    assert asap["TH"] == "1 segment"
    assert asap["DSP"] == "3 segments"
    assert shapes_of(b"\xff\xfe") == [("body", "2 bytes, not JSON")]
    assert shapes_of(b"[" * 100_000) == [("body", "100000 bytes, not JSON")]
