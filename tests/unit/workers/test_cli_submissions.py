"""`pmp submissions`: what was handed in, what became of it, and the report that its sender got (R46, R47)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from tests.unit.handlers.bench import open_bench
from tests.unit.handlers.dispensing import as_test, dispensing, file, hand_in
from workers.cli import main

Pmp = Callable[..., tuple[int, str, str]]


async def fill(path: Path) -> None:
    bench = await open_bench(path)
    try:
        await hand_in(bench, file("T1", dispensing("1"), dispensing("2", DSP09="none")))
        await hand_in(bench, b"no file", sender="other")
        await hand_in(bench, as_test(file("T3", dispensing("3"), dispensing("4", DSP09="none"))), sender="third")
    finally:
        await bench.store.close()


@pytest.fixture
def pmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Pmp]:
    """Run a command on a store with three submissions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PMP_SETTINGS_FILE", raising=False)
    monkeypatch.setenv("PMP_STORE", str(tmp_path / "pmp.db"))
    asyncio.run(fill(tmp_path / "pmp.db"))

    def run(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(argv)
        return code, *capsys.readouterr()

    yield run
    structlog.reset_defaults()


def test_r47_submissions_are_listed_the_newest_first(pmp: Pmp) -> None:
    """With the records that wait for a correction; sender and verdict narrow, a number goes on behind it."""
    rows = json.loads(pmp("submissions", "list", "--json")[1])
    assert [(row["no"], row["sender"], row["verdict"], row["open_errors"]) for row in rows] == [
        (3, "third", "test", 0),
        (2, "other", "failed", 0),
        (1, "gateway", "accepted", 1),
    ]
    for argv in (["--sender", "gateway"], ["--verdict", "accepted"], ["--before", "2"]):
        assert [row["no"] for row in json.loads(pmp("submissions", "list", "--json", *argv)[1])] == [1]
    assert "T1" in pmp("submissions", "list")[1]


def test_r47_one_is_shown_with_its_counts_and_its_report(pmp: Pmp) -> None:
    """The report is the one that its sender got; neither names the patient."""
    code, out, _ = pmp("submissions", "show", "1", "--json")
    shown = json.loads(out)
    assert (code, shown["pharmacies"][0]["stored"], shown["pharmacies"][0]["with_errors"]) == (0, 1, 1)
    report = json.loads(pmp("submissions", "report", "1", "--json")[1])
    assert [fault["check"] for fault in report["faults"]] == ["R11"]
    for command in ("show", "report"):
        text = pmp("submissions", command, "1")[1]
        assert "ROBIN" not in text
        assert "AB1234563" in text or "R11" in text
    assert pmp("submissions", "show", "9")[0] == 1


def test_f14_the_counts_of_a_test_file_add_up(pmp: Pmp) -> None:
    """What would have been stored is told as checked, not stored."""
    text = pmp("submissions", "show", "3")[1]
    assert "checked, not stored" in " ".join(text.split())
    assert "AB1234563" in text
    (counts,) = json.loads(pmp("submissions", "show", "3", "--json")[1])["pharmacies"]
    assert (counts["total"], counts["valid"], counts["with_errors"], counts["stored"]) == (2, 1, 1, 0)
