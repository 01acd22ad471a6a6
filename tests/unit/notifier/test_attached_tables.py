"""A list among a notice's facts is sent along as a CSV file that programs can read (R47)."""

from __future__ import annotations

import csv
import email
import email.policy
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from messages.errors import Misconfigured
from notifier.catalogue import catalogue
from notifier.render import Notice, Renderer
from tests.sender import SENDER

RENDERER = Renderer(SENDER)


def attached(faults: list[dict[str, object]]) -> list[tuple[str, str, list[list[str]]]]:
    """Name, type and rows of each file attached to a failed file's report."""
    facts = {"received_at_text": "today", "faults_total": len(faults), "faults": faults}
    notice = Notice("submission.failed", "files@example.org", "k", facts, datetime(2026, 6, 15, tzinfo=UTC))
    message = email.message_from_bytes(RENDERER.render(notice).content, policy=email.policy.default)
    return [
        (part.get_filename() or "", part.get_content_type(), list(csv.reader(io.StringIO(part.get_content()))))
        for part in message.iter_attachments()
    ]


def test_r47_the_faults_are_attached_as_they_were_given() -> None:
    """Every column that the notice declares, the day as a date, an absent value empty."""
    fault: dict[str, object] = {
        "check": "R11", "severity": "error", "prescription": "700123", "fill_date": "2026-01-01", "segment": "DSP",
        "field": "DSP09", "line": 5, "message": 'Say "what", and where.',
    }  # fmt: skip
    ((name, media_type, rows),) = attached([fault, {"check": "F01", "severity": "file", "message": "No TH."}])
    assert (name, media_type) == ("faults.csv", "text/csv")
    assert rows == [
        ["check", "severity", "prescription", "fill_date", "segment", "field", "line", "message"],
        ["R11", "error", "700123", "2026-01-01", "DSP", "DSP09", "5", 'Say "what", and where.'],
        ["F01", "file", "", "", "", "", "", "No TH."],
    ]


def test_nothing_found_attaches_nothing() -> None:
    """An empty list makes no file."""
    assert attached([]) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=1\r\n,2"])
def test_no_cell_is_a_formula(text: str) -> None:
    """A spreadsheet shows what a sender wrote, and never runs it."""
    ((_, _, rows),) = attached([{"check": "R02", "severity": "error", "prescription": text, "message": "m"}])
    assert rows[1][2].startswith("'")
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("listed", "when", "told"), [("name", "always", "attaches name"), ("rows", "never", "'never'")]
)
def test_only_a_list_among_the_facts_can_be_attached(tmp_path: Path, listed: str, when: str, told: str) -> None:
    """A notice that attaches anything else, or at no known time, is refused at start."""
    folder = tmp_path / "submission" / "strange"
    folder.mkdir(parents=True)
    (folder / "notice.toml").write_text(
        'purpose = "p"\naudience = "user"\nrule = "R47"\non_unknown = "hold"\ndeadline_days = 1\n'
        '[facts]\nname = "text"\n[facts.rows]\none = "text"\n[attachments]\n'
        f'"names.csv" = {{ list = "{listed}", attached = "{when}" }}\n[sample]\nname = "x"\n'
    )
    with pytest.raises(Misconfigured, match=told):
        catalogue(tmp_path)
