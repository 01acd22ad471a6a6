"""A site to type commands at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.unit.workers.cli.filled_store import Pmp, fill, in_store
from workers.cli import main


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Settings of a site without a broker; logging is as before afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PMP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PMP_STORE", str(tmp_path / "pmp.db"))
    monkeypatch.setenv("PMP_MAIL_FOLDER", str(tmp_path / "mail"))
    monkeypatch.setenv("PMP_OPERATOR", "grace")
    monkeypatch.setattr("workers.scheduler.log", structlog.get_logger("pmp.scheduler"))
    yield tmp_path / "pmp.db"
    structlog.reset_defaults()


@pytest.fixture
def store(place: Path) -> Path:
    """A store with one message in every state."""
    in_store(place, fill)
    return place


@pytest.fixture
def pmp(capsys: pytest.CaptureFixture[str]) -> Pmp:
    """Run a command; its exit code, what it wrote, what it said on standard error."""

    def run(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(argv)
        return code, *capsys.readouterr()

    return run
