"""What is allowed and hardly meant is told with its setting, by `pmp settings` and when a process starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.workers.cli.filled_store import Pmp

GOOD = {
    "AUDIT_KEY": "k3y", "AMQP_URL": "amqps://a:s3cret@broker/pmp", "MANAGEMENT_URL": "https://a:s3cret@broker",
    "STORE": "postgresql://a:s3cret@db/pmp?sslmode=verify-full", "TRANSPORT": "smtp", "SMTP_HOST": "mail", "SMTP_TLS": "tls",
    "ADMINISTRATORS": '["ada@pmp.ct.gov"]', "MAIL_FROM": "no-reply@pmp.ct.gov", "CONTACT_EMAIL": "pmp@pmp.ct.gov",
    "PORTAL_URL": "https://pmp.ct.gov",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({}, []),
        ({"AUDIT_KEY": ""}, ["PMP_AUDIT_KEY"]),
        ({"AMQP_URL": "amqp://a:s3cret@broker/pmp"}, ["PMP_AMQP_URL"]),
        ({"AMQP_URL": "amqp://a:s3cret@127.0.0.1/pmp", "MANAGEMENT_URL": "http://a:s3cret@[::1]:1"}, []),
        ({"MANAGEMENT_URL": "http://a:s3cret@broker"}, ["PMP_MANAGEMENT_URL"]),
        ({"STORE": "postgresql://a:s3cret@db/pmp"}, ["PMP_STORE"]),
        ({"STORE": "postgresql://a:s3cret@localhost:1,db:2/pmp?sslmode=prefer"}, ["PMP_STORE"]),
        ({"STORE": "postgresql:///pmp?host=db"}, ["PMP_STORE"]),
        ({"STORE": "postgresql:///pmp?host=/run/postgresql"}, []),
        ({"STORE": "postgresql://[::1]:5432,localhost/pmp"}, []),
        ({"STORE": "pmp.db"}, []),
        ({"SMTP_TLS": "none"}, ["PMP_SMTP_TLS"]),
        ({"SMTP_TLS": "none", "SMTP_HOST": "localhost"}, []),
        ({"SMTP_TLS": "none", "TRANSPORT": "folder"}, []),
        ({"ADMINISTRATORS": "[]"}, ["PMP_ADMINISTRATORS"]),
        ({"ADMINISTRATORS": '["a@example.org"]', "CONTACT_EMAIL": "a@x.example.com", "TRANSPORT": "folder"}, []),
        ({"ADMINISTRATORS": '["a@example.org"]', "MAIL_FROM": "a@x.example.com"}, ["PMP_ADMINISTRATORS", "PMP_MAIL_FROM"]),
        ({"PORTAL_URL": "https://pmp.example.org"}, ["PMP_PORTAL_URL"]),
        ({"PROGRAMME__INBOX_DAYS": "90", "PROGRAMME__OUTBOX_DAYS": "91"}, ["PMP_PROGRAMME__INBOX_DAYS"]),
        ({"PROGRAMME__INBOX_DAYS": "90", "PROGRAMME__OUTBOX_DAYS": "90"}, []),
    ],
)  # fmt: skip
def test_r60_r63_each_is_told_with_its_setting(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], named: list[str]
) -> None:
    """Nothing is said of a site that is in order, and no password ever."""
    for name, value in (GOOD | changed).items():
        monkeypatch.setenv(f"PMP_{name}", value)
    code, _, err = pmp("settings")
    assert code == 0
    assert [line.split()[:2] for line in err.splitlines()] == [["warning:", name] for name in named]
    assert "s3cret" not in err


@pytest.mark.parametrize("command", ["run", "worker", "relay", "scheduler"])
def test_a_process_says_them_when_it_starts(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Before anything else, so that it stands in the journal of a process that went on; a mistyped variable too."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://127.0.0.1:1/")
    monkeypatch.setenv("PMP_STROE", "x")
    monkeypatch.setenv("PMP_STORE", ".")
    code, _, err = pmp(command)
    assert code != 0
    assert [line.split()[1] for line in err.splitlines() if line.startswith("warning:")] == [
        "PMP_STROE",
        "PMP_AUDIT_KEY",
    ]
