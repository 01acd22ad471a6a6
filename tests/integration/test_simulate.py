"""The simulated month, played shorter than for people."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from notifier.catalogue import catalogue
from store.every_row import every_row
from workers.services.private import Say
from workers.services.rabbitmq import Broker
from workers.settings import load_settings
from workers.simulation import simulate
from workers.simulation.judge import every_kind, judge
from workers.simulation.run import Result

DAYS = 8  # a message that waits in vain is a dead letter on the last
RULES = {f"R{number}" for number in (5, 6, 12, 20, 21, 23, 24, 27, 29, 33, 35, 37, 38, 42, 47, 48, 51, 55, 60, 73, 74)}
BY_PLACE = ("R27", "R47", "R38", "R60")
"""Their counts hold rows, lines and bytes of the place, not of the month alone."""
COMMAND = "import sys; from workers.cli import main; sys.exit(main(sys.argv[1:]))"


async def test_a_week_and_a_day_are_as_the_rules_want_them(rabbitmq: Broker, tmp_path: Path) -> None:
    """The command plays eight days through RabbitMQ; every check holds, and those that must have looked at something have."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMAND, "simulate", "--days", str(DAYS), "--folder", str(tmp_path / "month"), "--json",
        env=os.environ | {"PMP_AMQP_URL": rabbitmq.amqp_url, "PMP_MANAGEMENT_URL": rabbitmq.management_url or ""},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip

    out, errors = await process.communicate()

    assert process.returncode in (0, 1), errors.decode()
    told = json.loads(out)
    assert [(one["rule"], one["what"], one["against"]) for one in told["checks"] if not one["holds"]] == []
    assert process.returncode == 0
    assert {one["rule"] for one in told["checks"]} >= RULES
    assert all(one["counted"] for one in told["checks"] if one["rule"] in ("R27", "R38", "R48", "R60"))
    assert told["messages"]["approval.administrator_decided"].keys() >= {"done", "refused", "dead"}


async def test_on_postgresql_the_same_checks_hold(
    rabbitmq: Broker, postgres_url: str, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two_days: Result
) -> None:
    """The same two days on PostgreSQL: the same checks with the same counts, no difference, and no database left behind."""
    monkeypatch.setenv("PMP_TEST_POSTGRES_URL", postgres_url)
    settings = load_settings(amqp_url=rabbitmq.amqp_url, management_url=rabbitmq.management_url or "")
    log = tmp_path / "on-postgres" / "simulation.log"
    log.parent.mkdir()
    log.touch()

    result = await simulate(settings, say, log=log, days=2, seed=7, postgres=True)

    assert [(one.what, one.against) for one in result.checks if not one.holds] == []
    counted = {one.what: one.counted for one in result.checks if one.rule not in BY_PLACE}
    assert counted == {one.what: one.counted for one in two_days.checks if one.rule not in BY_PLACE}
    assert {one.what.split()[0] for one in result.checks} == {one.what.split()[0] for one in two_days.checks}
    assert not (log.parent / "pmp.db").exists()
    connection = await asyncpg.connect(postgres_url)
    try:
        names = [row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")]
    finally:
        await connection.close()
    assert [name for name in names if name.startswith("pmp_simulation")] == []


def test_a_kind_of_notice_that_was_not_sent_is_seen() -> None:
    """Every other one was: the one that is missing is named."""
    kinds = {one.name for one in catalogue()} - {"registration.invited", "administrators.test_message"}
    rows = [{"channel": "mail", "name": name} for name in sorted(kinds)]

    assert every_kind({"outbox": rows}).against == ("registration.invited",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the two days are played."""
    return tmp_path_factory.mktemp("two-days")


@pytest.fixture(scope="module")
def two_days(rabbitmq: Broker, say: Say, folder: Path) -> Result:
    """Two days that are as the rules want them, played once for all tests."""
    return asyncio.run(_played(rabbitmq, say, folder))


async def _played(rabbitmq: Broker, say: Say, folder: Path) -> Result:
    settings = load_settings(amqp_url=rabbitmq.amqp_url, management_url=rabbitmq.management_url or "")
    log = folder / "simulation.log"
    log.touch()
    result = await simulate(settings, say, log=log, days=2, seed=7)
    assert result.is_clean, [one for one in result.checks if not one.holds]
    return result


TAMPERED = (
    ("DELETE FROM outbox WHERE no = (SELECT min(no) FROM outbox WHERE name = 'account.password_expiring')", "R33"),
    ("UPDATE outbox SET destination = 'x@example.org' WHERE name = 'registration.approved'", "R14"),
    ("UPDATE outbox SET created_at = '2025-12-24T12:00:00.000000Z' WHERE name = 'submission.overdue'"
     " OR name = 'ticket.target_missed'", "R74"),
    ("UPDATE accounts SET password_expires_on = '2026-01-01' WHERE account_id = 'REG-0001'", "R20"),
    ("UPDATE registrations SET state = 'approved' WHERE state = 'documents'", "R6"),
    ("UPDATE tickets SET category = 'low' WHERE ticket_id = 'T-A'", "R73"),
    ("UPDATE dispensations SET state = 'voided' WHERE state = 'active'", "R48"),
    ("UPDATE inbox SET state = 'done' WHERE state = 'refused'", "R46"),
)  # fmt: skip


async def test_what_is_tampered_with_is_seen(two_days: Result, folder: Path, tmp_path: Path) -> None:
    """One row changed behind the system's back, and the check of its rule does not hold; undone, all hold again."""
    file = folder / "pmp.db"
    held = {one.rule for one in judge(await every_row(str(file)), two_days.played) if not one.holds}
    assert held == set()
    for statement, rule in TAMPERED:
        with closing(sqlite3.connect(file)) as connection:
            kept = tmp_path / "kept.db"
            with closing(sqlite3.connect(kept)) as other:
                connection.backup(other)
        with closing(sqlite3.connect(kept)) as other:
            assert other.execute(statement).rowcount > 0, statement
            other.commit()

        against = {one.rule for one in judge(await every_row(str(kept)), two_days.played) if not one.holds}

        assert rule in against, statement
        kept.unlink()


async def test_what_the_model_forgets_is_seen(two_days: Result) -> None:
    """A notice that must exist and was not written is named with its day and its recipient."""
    played = copy.deepcopy(two_days.played)
    telling: Any = next(iter(played.month.book.notices))
    played.month.book.notices[telling] += 1

    failed = [one for one in judge(two_days.tables, played) if not one.holds]

    assert [one.what for one in failed] == [f"notices {telling[1]}"]
    assert failed[0].against[0].startswith(f"{telling[0]} {telling[2]}: 2 wanted, 1 written")
