"""What a site decides about its help desk is a setting: each target by itself, who is on call, and how much mail one gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from messages.errors import Misconfigured
from workers.bootstrap import programme_of
from workers.settings import described, load_settings


def test_each_target_is_a_variable_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the variable's own words; ``pmp settings`` shows all four."""
    monkeypatch.setenv("PMP_PROGRAMME__TICKET_RESPONSE__HIGH", "3 hours")
    settings = load_settings()
    targets = settings.programme.ticket_response
    assert (targets.high, targets.medium) == ("3 hours", "1 business day")
    shown = {one.name: one.value for one in described(settings)}
    assert shown["PMP_PROGRAMME__TICKET_RESPONSE"].startswith('{"critical": "30 minutes", "high": "3 hours"')


def test_a_file_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As TOML."""
    file = tmp_path / "pmp.toml"
    file.write_text('on_call = ["night@example.org"]\n[programme.ticket_resolution]\nlow = "20 business days"\n')
    monkeypatch.setenv("PMP_SETTINGS_FILE", str(file))
    settings = load_settings()
    assert settings.programme.ticket_resolution.low == "20 business days"
    assert programme_of(settings).watch == ("night@example.org",)


def test_without_a_watch_the_administrators_keep_it() -> None:
    """Nothing critical is told to nobody."""
    programme = programme_of(load_settings(administrators=("a@example.org",)))
    assert programme.watch == programme.administrators == ("a@example.org",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PMP_PROGRAMME__TICKET_RESPONSE__HIGH", "soon"),
        ("PMP_PROGRAMME__TICKET_RESPONSE__HIGH", "0 hours"),
        ("PMP_PROGRAMME__MAILS_PER_RECIPIENT_HOUR", "0"),
        ("PMP_PROGRAMME__INBOX_DAYS", "7"),
        ("PMP_PROGRAMME__HELP_DESK_CLOSES", "07:00"),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A memory of a week, a help desk that closes before it opens, no mail at all."""
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match="PMP_PROGRAMME"):
        load_settings()
