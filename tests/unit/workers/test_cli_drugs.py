"""`pmp drugs`: the table of monitored drugs is loaded, listed and asked (R44)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
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
    code, _, err = pmp("drugs", "load", "no-such-file")
    assert (code, "no-such-file cannot be read: No such file or directory." in err) == (1, True)
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_r44_the_directory_may_be_in_any_of_its_encodings(pmp: Pmp, tmp_path: Path, encoding: str) -> None:
    """With Windows' line ends, too; names stay as they are."""
    lines = (SAMPLES / "product.txt").read_text("utf-8").replace("Example ", "Examplé™ ").splitlines()
    (tmp_path / "product.txt").write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
    assert pmp("drugs", "load", str(tmp_path / "product.txt"))[0] == 0
    known = json.loads(pmp("drugs", "list", "--json")[1])
    assert known
    assert all("\r" not in str(one) and "\ufffd" not in one["name"] for one in known)
    assert all("Examplé™ " in one["name"] for one in known)


def test_r44_a_later_load_replaces_whole_or_not_at_all(
    pmp: Pmp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loaded again, each number has what was said last; a store that fails on the way keeps what it had."""
    header, rows = "ndc,name,schedule,class,monitoring,for_animals", range(6000)
    table = tmp_path / "table.csv"

    def load(schedule: str, last: str) -> int:
        lines = [f"{ndc:09},NAME,{schedule},,over_48_hours,yes" for ndc in rows]
        table.write_text("\n".join([header, *lines[:-1], f"{rows[-1]:09},{last},{schedule},,over_48_hours,yes"]))
        return pmp("drugs", "load", str(table))[0]

    assert load("II", "NAME") == 0
    with closing(sqlite3.connect(tmp_path / "pmp.db")) as connection:
        connection.execute(
            "CREATE TRIGGER bad BEFORE INSERT ON drugs WHEN new.name = 'BAD' BEGIN SELECT RAISE(ABORT, 'bad'); END"
        )
    assert load("III", "BAD") != 0
    assert {one["schedule"] for one in json.loads(pmp("drugs", "list", "--json")[1])} == {"II"}
    assert load("III", "NAME") == 0
    known = json.loads(pmp("drugs", "list", "--json")[1])
    assert (len(known), {one["schedule"] for one in known}) == (len(rows), {"III"})
