"""`pmp drugs`: the table of monitored drugs is loaded, listed and asked (R44)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from workers.cli import main

SAMPLES = Path(__file__).parents[2] / "samples" / "drugs"
Pmp = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Pmp]:
    """Run a command on an empty store of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PMP_SETTINGS_FILE", raising=False)
    monkeypatch.setenv("PMP_STORE", str(tmp_path / "pmp.db"))

    def run(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(argv)
        return code, *capsys.readouterr()

    assert run("migrate")[0] == 0
    yield run
    structlog.reset_defaults()


def test_r44_the_fda_directory_is_loaded_and_asked(pmp: Pmp) -> None:
    """Products, then their packages; a package answers by its own entry, another of its product by the product's."""
    code, out, _ = pmp("drugs", "load", str(SAMPLES / "product.txt"), str(SAMPLES / "package.txt"), "--json")
    assert (code, json.loads(out)) == (0, {"loaded": 6, "read": 6})
    assert json.loads(pmp("drugs", "show", "99901-001-10", "--json")[1])["ndc"] == "99901000110"
    assert json.loads(pmp("drugs", "show", "99901000199", "--json")[1])["ndc"] == "999010001"
    assert pmp("drugs", "show", "99901-005-01")[0] == 1
    assert pmp("drugs", "show", "12")[0] == 2
    assert [one["ndc"] for one in json.loads(pmp("drugs", "list", "--schedule", "IV", "--json")[1])] == [
        "099910002",
        "09991000201",
    ]


def test_r44_the_example_is_loaded_whole_or_not_at_all(pmp: Pmp, tmp_path: Path) -> None:
    """A dry run and a faulty file load nothing; the faulty line is told."""
    assert pmp("drugs", "load")[0] == 2
    assert pmp("drugs", "load", "--example", "--dry-run")[0] == 0
    faulty = tmp_path / "faulty.csv"
    faulty.write_text("ndc,name,schedule,class,monitoring,for_animals\nnone,NAME,II,,any_supply,yes\n")
    code, _, err = pmp("drugs", "load", "--example", str(faulty))
    assert code == 1
    assert "faulty.csv: line 2, ndc" in err
    assert json.loads(pmp("drugs", "list", "--json")[1]) == []
    assert pmp("drugs", "load", "--example")[0] == 0
    assert "GABAPENTIN" in pmp("drugs", "list")[1]
    assert "not scheduled" in pmp("drugs", "show", "99901000401")[1]
