"""``pmp roles`` shows the table in force, the site's changes in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from workers.cli import main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A site with no settings but those of a test; logging is as before afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PMP_SETTINGS_FILE", raising=False)
    yield tmp_path
    structlog.reset_defaults()


def test_the_table_tells_what_comes_before_an_approval(capsys: pytest.CaptureFixture[str]) -> None:
    """One line a role."""
    assert main(["roles"]) == 0
    lines = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "documents, supervisor" in lines["Prescriber Delegate – Unlicensed"]
    assert "agency list, (training before full access)" in lines["State Police"]
    assert "authorisation" in lines["Admin"]


def test_a_site_s_own_role_is_in_the_document(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON with every field that its form must hold."""
    (elsewhere / "roles.toml").write_text('[role]\n"Naturopath" = "pharmacist"\n')
    monkeypatch.setenv("PMP_ROLES_FILE", str(elsewhere / "roles.toml"))
    assert main(["roles", "--json"]) == 0
    listed = {role["name"]: role for role in json.loads(capsys.readouterr().out)}
    assert len(listed) == 31
    assert listed["Naturopath"]["fields"] == listed["Pharmacist"]["fields"]
    assert listed["Naturopath"]["credentials"] == ["license"]
