"""R60, R62: no statement deletes documents, records or audit, or changes what says what happened; the list is in the store."""

from __future__ import annotations

import ast
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.retention import MADE_ANEW, MAY_GO, is_append_only
from store.sqlite import open_sqlite
from store.statements import Engine, migrations, statements
from tests.house.test_tree import FLOORS, ROOT, committed

_DELETES = re.compile(r"\bDELETE\s+FROM\s+(?:ONLY\s+)?\"?(\w+)", re.IGNORECASE)
_UPDATES = re.compile(r"(?<!FOR )(?<!DO )\bUPDATE\s+(?:ONLY\s+)?\"?(\w+)\"?\s+(?:AS\s+\w+\s+)?SET\b", re.IGNORECASE)
_UPSERTS = re.compile(r"\bINSERT\s+INTO\s+\"?(\w+)(?:(?!\bINSERT\b).)*?\bDO\s+UPDATE\b", re.IGNORECASE | re.DOTALL)
_NEVER = re.compile(
    r"\b(TRUNCATE|DROP\s+TABLE|REPLACE\s+INTO|INSERT\s+OR\s+REPLACE|MERGE\s+INTO|ON\s+DELETE\s+(CASCADE|SET))\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_r62_only_the_machinery_s_own_memory_is_deleted(engine: Engine) -> None:
    """Every other table keeps its rows, also one that is made tomorrow."""
    deleted = {(name, table) for name, one in statements(engine).items() for table in _DELETES.findall(one.sql)}
    assert {table for _, table in deleted} >= {"inbox", "outbox"}
    assert {(name, table) for name, table in deleted if table not in MAY_GO | MADE_ANEW} == set()


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_r60_what_says_what_happened_is_not_changed(engine: Engine) -> None:
    """Histories, versions and acts take new rows only."""
    changed = {
        (name, table)
        for name, one in statements(engine).items()
        for table in (*_UPDATES.findall(one.sql), *_UPSERTS.findall(one.sql))
    }
    assert {table for _, table in changed} >= {"inbox", "tickets", "retention_marks"}
    assert {(name, table) for name, table in changed if is_append_only(table)} == set()


async def test_r62_sqlite_itself_finds_no_other_deletion(tmp_path: Path) -> None:
    """The engine's own parser is asked, so that no way of writing it gets past the words above."""
    path = tmp_path / "pmp.db"
    store = await open_sqlite(path)
    await store.migrate()
    await store.close()
    acts: set[tuple[str, str]] = set()
    named = {sqlite3.SQLITE_DELETE: "deletes", sqlite3.SQLITE_UPDATE: "changes", sqlite3.SQLITE_DROP_TABLE: "drops"}

    def note(action: int, table: str | None, *_: str | None) -> int:
        if action in named and table is not None:
            acts.add((named[action], table))
        return sqlite3.SQLITE_OK

    with closing(sqlite3.connect(path)) as connection:
        connection.set_authorizer(note)
        for one in statements("sqlite").values():
            connection.execute(f"EXPLAIN {one.sql}", [None] * len(one.parameters)).fetchall()
    assert ("deletes", "inbox") in acts
    assert {table for act, table in acts if act == "deletes"} <= MAY_GO | MADE_ANEW
    assert not any(is_append_only(table) for act, table in acts if act == "changes")
    assert not any(act == "drops" for act, _ in acts)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_r62_no_statement_and_no_migration_empties_a_table(engine: Engine) -> None:
    """Nor does a deletion spread from one table to another."""
    scripts = {name: one.sql for name, one in statements(engine).items()} | dict(migrations(engine))
    code = {name: re.sub(r"--.*", "", script) for name, script in scripts.items()}
    assert {name for name, script in code.items() if _NEVER.search(script)} == set()
    assert {name for name, script in migrations(engine) if _DELETES.search(re.sub(r"--.*", "", script))} == set()


def test_r62_no_code_holds_a_deletion_of_its_own() -> None:
    """SQL stands in store/sql; the only exception empties a staging table of the same transaction."""
    found = set()
    for path in committed("*.py"):
        if path.relative_to(ROOT).parts[0] not in FLOORS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_deletion(node.value):
                found.add((path.name, node.value.strip()))
    assert found <= {("postgres.py", "TRUNCATE")}


def _is_deletion(text: str) -> bool:
    return bool(_DELETES.search(text) or _UPDATES.search(text) or _NEVER.search(text))


def test_the_words_are_found_however_they_are_written() -> None:
    """The check itself is tried on what it must find and on what it must leave alone."""
    assert _DELETES.findall("with x as (select 1) delete\n from tickets where no = 1") == ["tickets"]
    assert _UPDATES.findall("UPDATE ticket_history SET text = ''") == ["ticket_history"]
    assert _UPSERTS.findall("INSERT INTO a_history (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET b = 2") == ["a_history"]
    assert not _UPDATES.search("SELECT no FROM outbox FOR UPDATE SKIP LOCKED")
    assert not _UPSERTS.search("INSERT INTO a (b) VALUES (1) ON CONFLICT DO NOTHING")
