"""``pmp rebuild treatments`` and ``pmp strengths``: what follows the records is made anew, and says how much there is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import structlog

from store.contract import Store
from store.sqlite import open_sqlite
from tests.records import bring, know_drugs, record
from tests.tables import rows
from workers.cli import main


def in_store(path: Path, work: Callable[[Store], Awaitable[object]]) -> object:
    """Something is done in the store, which is closed again."""

    async def run() -> object:
        store = await open_sqlite(path)
        try:
            await store.migrate()
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store with two records of one patient."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PMP_STORE", str(tmp_path / "pmp.db"))
    monkeypatch.delenv("PMP_SETTINGS_FILE", raising=False)

    async def fill(store: Store) -> None:
        await know_drugs(store)
        await bring(store, record("1"), record("2"))

    in_store(tmp_path / "pmp.db", fill)
    yield tmp_path / "pmp.db"
    structlog.reset_defaults()


def test_treatments_are_made_anew(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The counts are told, as text or as one JSON document; a second time they are the same."""
    for _ in range(2):
        assert main(["rebuild", "treatments", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found == {"records": 2, "treatments": 1, "missed reviews": 2, "clinical alerts": 0}
    assert main(["rebuild", "treatments"]) == 0
    assert "2 records, 1 treatments" in capsys.readouterr().out


def test_a_rebuild_goes_on_where_another_left_off(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scheduler that died with the lease holds nothing up once the lease is over."""
    assert main(["rebuild", "treatments"]) == 0

    async def taken(store: Store) -> None:
        await store.write(
            lambda tx: tx.run(
                "stream.lease", leased_by="dead", leased_until="2026-01-01T00:01:00.000000Z", now="9999-12-31"
            )
        )

    in_store(path, taken)
    assert main(["rebuild", "treatments"]) == 0


def test_strengths_are_loaded_whole_or_not_at_all(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty file is exit code 1, its line is named, and nothing of it is there."""
    file = path.parent / "strengths.csv"
    file.write_text("ndc,ingredient,strength\n000930832,codeine,30\n000930833,sugar,30\n")
    assert main(["strengths", str(file)]) == 1
    assert "line 3, ingredient" in capsys.readouterr().err
    file.write_text("ndc,ingredient,strength\n000930832,codeine,30\n")
    assert main(["strengths", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"loaded": 1}
    found = in_store(path, lambda store: rows(store, "SELECT ndc, ingredient FROM drug_strengths ORDER BY ndc"))
    assert found == [("00093005801", "oxycodone"), ("000930832", "codeine")]


def test_a_file_that_is_not_there_is_the_inputs_fault(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, no traceback."""
    assert main(["strengths", str(path.parent / "none.csv")]) == 1
    assert "cannot be read" in capsys.readouterr().err
