"""pmp sweep: each shape of sweep by hand, for a date, told in its own words."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from messages.envelope import Envelope
from store import inbox, ticket_targets, tickets
from store.contract import Transaction
from store.sqlite import open_sqlite
from store.ticket_targets import Promise
from tests.help_desk import opened
from workers.cli import main

Pmp = Callable[..., str]
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
LONG_AGO = YESTERDAY - timedelta(days=500)


async def _fill(tx: Transaction) -> None:
    """Three old messages, one of today, and a ticket whose target was missed yesterday."""
    for number in range(3):
        await inbox.claim_all(tx, [Envelope(f"m{number}", "ticket.opened", "portal", b"{}")], LONG_AGO)
    await inbox.claim_all(tx, [Envelope("m4", "ticket.opened", "portal", b"{}")], YESTERDAY)
    ticket = await tickets.insert(tx, opened(category="critical"), year=2026, now=YESTERDAY, seq=4)
    assert ticket is not None
    soon = YESTERDAY + timedelta(minutes=1)
    await ticket_targets.begin(tx, ticket, "response", Promise(soon, soon), YESTERDAY)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A filled store, and the settings that lead to it; logging is as before afterwards."""
    path = tmp_path / "pmp.db"

    async def fill() -> None:
        opened_store = await open_sqlite(path)
        await opened_store.migrate()
        await opened_store.write(_fill)
        await opened_store.close()

    asyncio.run(fill())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PMP_STORE", str(path))
    monkeypatch.setattr("workers.scheduler.log", structlog.get_logger("pmp.scheduler"))
    yield path
    structlog.reset_defaults()


@pytest.fixture
def pmp(store: Path, capsys: pytest.CaptureFixture[str]) -> Pmp:
    """Run a command that succeeds; what it wrote."""

    def run(*argv: str) -> str:
        capsys.readouterr()
        assert main(argv) == 0
        return capsys.readouterr().out

    return run


def test_one_at_an_interval_runs_whenever_it_is_asked_to(store: Path, pmp: Pmp) -> None:
    """A dry run counts by notice and writes nothing; the run writes each notice once, however often it is repeated."""
    today = datetime.now(UTC).astimezone().date().isoformat()
    dry = json.loads(pmp("sweep", "ticket_targets", "--on", today, "--dry-run", "--json"))
    assert (dry["ran"], dry["by_notice"]) == (False, {"ticket.target_missed": 1})
    written = [json.loads(pmp("sweep", "ticket_targets", "--json"))["notices"] for _ in range(2)]
    assert written == [1, 0]
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchall() == [(1,)]


def test_one_that_tidies_says_what_it_went_through(pmp: Pmp) -> None:
    """Once for a date; what has left the inbox is still counted among all that were taken."""
    assert "would write 0 notices" in pmp("sweep", "retention", "--dry-run")
    assert "3 rows gone through" in pmp("sweep", "retention")
    assert "has run" in pmp("sweep", "retention")
    seen = json.loads(pmp("reconcile", "--json"))
    assert (seen["taken"], seen["retired"], seen["clean"], seen["inbox"]) == (4, 3, True, {"done": 1})
    assert "+ 3 retired by age" in pmp("reconcile")
    assert "retention" in {one["sweep"] for one in json.loads(pmp("status", "--json"))["sweeps"]}


def test_a_date_to_come_is_only_looked_at(store: Path, pmp: Pmp) -> None:
    """Its run would write what is not yet true: refused as wrong use, and the day's own run is still to come."""
    ahead = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    assert main(["sweep", "credential_expiry", "--on", ahead]) == 2
    assert "would write 0 notices" in pmp("sweep", "credential_expiry", "--on", ahead, "--dry-run")
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT count(*) FROM sweep_runs").fetchall() == [(0,)]
