"""Options that make no sense are refused in one sentence, before anything is opened; a day and a moment mean what is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.unit.workers.cli.filled_store import Pmp, change
from workers.cli.app import WrongUse
from workers.cli.options import moment_of

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "argv",
    [
        ["audit", "show", "--since", "2000-01-01", "--most", "0"], ["outbox", "list", "--most", "-1"],
        ["submissions", "list", "--most", "0"], ["submissions", "list", "--before", "0"], ["submissions", "show", "0"],
        ["submissions", "show", str(1 << 63)], ["dead-letters", "show", str(1 << 63)], ["dead-letters", "show", "0"],
        ["dead-letters", "replay", "1", "0", "--why", "x"], ["outbox", "release", str(1 << 63), "--why", "x"],
        ["dead-letters", "replay", "1", "--why", "x", "--per-second", "nan"],
        *(["submit", __file__, "--timeout-seconds", wrong] for wrong in ("-1", "0", "nan", "inf", "86401")),
        ["publish", "ticket.opened", __file__, "--timeout-seconds", "-1"],
        ["publish", "ticket.opened", __file__, "--message-id", "é" * 128],
        ["publish", "ticket.opened", __file__, "--message-id", "a\tb"],
        ["submit", __file__, "--message-id", "x" * 256],
        ["simulate", "--days", "0"], ["trace", "x\udcff"], ["audit", "show", "--record", "x\udcff"],
        ["dead-letters", "discard", "1", "--why", "x\udcff"], ["audit", "verify", "--expect", "²:1:x"],
    ],
)  # fmt: skip
def test_a_number_or_id_that_makes_no_sense_is_2(place: Path, pmp: Pmp, argv: list[str]) -> None:
    """There is neither store nor broker here: it was the call that was looked at first."""
    code, out, err = pmp(*argv)
    assert (code, out, err.count("\n"), "Traceback" in err) == (2, "", 1, False)


def test_a_simulation_empties_only_what_one_left(place: Path, pmp: Pmp) -> None:
    """A slip of the hand would cost a home folder; what is there stays there."""
    kept = Path("home") / "letter.txt"
    kept.parent.mkdir()
    kept.touch()
    for folder in (kept.parent, kept):
        code, _, err = pmp("simulate", "--folder", str(folder))
        assert (code, "name another" in err, kept.is_file()) == (2, True, True)


def test_an_id_that_just_fits_is_taken(place: Path, pmp: Pmp) -> None:
    """255 bytes; what is missing then is the broker."""
    assert pmp("publish", "ticket.opened", __file__, "--message-id", "é" * 127 + "x")[0] == 78


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 24, 5, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 7, 1, 4, tzinfo=UTC)),
        ("2026-11-24T08:00", datetime(2026, 11, 24, 13, tzinfo=UTC)),
        ("2026-11-24 08:00:30", datetime(2026, 11, 24, 13, 0, 30, tzinfo=UTC)),
        ("2026-11-24T08:00Z", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24T08:00+02:00", datetime(2026, 11, 24, 6, tzinfo=UTC)),
    ],
)
def test_a_day_or_moment_without_a_zone_is_the_programmes(text: str, moment: datetime) -> None:
    """A day begins at the programme's midnight, in summer another than in winter."""
    assert moment_of(text, ZONE, option="--since") == moment


@pytest.mark.parametrize("text", ["yesterday", "2000", "2026-02-30", "24.11.2026", "9999-12-31T23:59", "1;DROP", " "])
def test_what_is_no_day_is_2(store: Path, pmp: Pmp, text: str) -> None:
    """It is not laid beside moments as text: the sentence shows what would be taken."""
    code, out, err = pmp("audit", "show", "--since", text)
    assert (code, out, "2026-11-24T13:00Z" in err) == (2, "", True)
    with pytest.raises(WrongUse):
        moment_of(text, ZONE, option="--since")


def test_r60_acts_since_a_moment_in_another_zone(store: Path, pmp: Pmp) -> None:
    """The same moment, written in three ways, parts the same acts."""
    change(store, "UPDATE audit SET acted_at = '2026-11-24T13:00:00.000000Z'")
    change(store, "UPDATE audit SET acted_at = '2026-11-24T12:59:59.000000Z' WHERE no = (SELECT min(no) FROM audit)")
    every = json.loads(pmp("audit", "show", "--since", "2026-11-24", "--json")[1])
    for since in ("2026-11-24T08:00", "2026-11-24T13:00Z", "2026-11-24T15:00+02:00"):
        later = json.loads(pmp("audit", "show", "--since", since, "--json")[1])
        assert len(later) == len(every) - 1, since
