"""Every statement is one that both engines understand, with the types that are given to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from store.postgres import open_postgres
from store.statements import Statement, statements
from tests.stores import sqlite_store

_SAMPLES: dict[str, object] = {"text": "[]", "jsonb": "[]", "int8": 1, "int4": 1, "bytea": b"x"}
_OBJECTS = frozenset({"answers"})
"""Parameters that are a JSON object, where others are a list."""


def test_both_engines_know_the_same_statements() -> None:
    """A statement written for one engine is written for the other as well, with the same parameters."""
    sqlite, postgres = statements("sqlite"), statements("postgres")
    assert sqlite.keys() == postgres.keys()
    for name, statement in sqlite.items():
        assert set(statement.parameters) == set(postgres[name].parameters), name


async def test_sqlite_understands_every_statement(tmp_path: Path) -> None:
    """Each can be explained on the tables that the migrations make."""
    path = tmp_path / "pmp.db"
    async with sqlite_store(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        for name, statement in statements("sqlite").items():
            plan = connection.execute(f"EXPLAIN {statement.sql}", [None] * len(statement.parameters)).fetchall()
            assert plan, name


async def test_postgresql_runs_every_statement(fresh_postgres_url: str) -> None:
    """Each is prepared with text, whole numbers and bytes as its only parameters, and runs on empty tables."""
    store = await open_postgres(fresh_postgres_url, connections=1)
    try:
        await store.migrate()
    finally:
        await store.close()
    connection = await asyncpg.connect(fresh_postgres_url)
    try:
        for statement in statements("postgres").values():
            await _runs(connection, statement)
    finally:
        await connection.close()


async def _runs(connection: asyncpg.Connection, statement: Statement) -> None:
    transaction = connection.transaction()
    await transaction.start()
    try:
        prepared = await connection.prepare(statement.sql)
        types = [parameter.name for parameter in prepared.get_parameters()]
        assert set(types) <= _SAMPLES.keys(), (statement.name, types)
        named = zip(statement.parameters, types, strict=True)
        await prepared.fetch(*("{}" if name in _OBJECTS else _SAMPLES[each] for name, each in named))
        if statement.table is not None and statement.parameters:
            staging = f"CREATE TEMPORARY TABLE staging ON COMMIT DROP AS SELECT * FROM {statement.table} WITH NO DATA"
            await connection.execute(staging)
            await connection.execute(statement.from_staging("staging"))
    except asyncpg.PostgresError as error:
        pytest.fail(f"{statement.name}: {error}")
    finally:
        await transaction.rollback()
