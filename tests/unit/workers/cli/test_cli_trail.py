"""The audit trail, the publishers' table and a test message at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.workers.cli.filled_store import Pmp, change, rows


def test_r60_the_trail_fits_and_shows_who_did_what(store: Path, pmp: Pmp) -> None:
    """What operators did to the store stands in it, by name; no value does."""
    code, out, err = pmp("audit", "verify")
    assert (code, "the trail fits" in out, "PMP_AUDIT_KEY" in err) == (0, True, True)
    acts = json.loads(pmp("audit", "show", "--actor", "operator:ada", "--json")[1])
    assert [(act["act"], act["record"]) for act in acts] == [("dead letter discarded", "dead letter 2")]
    assert "operator:ada" in pmp("audit", "show", "--record", "dead letter 2")[1]
    assert "a test of theirs" not in pmp("audit", "show", "--since", "2000-01-01")[1]


def test_r60_the_newest_are_shown_and_fields_by_table(store: Path, pmp: Pmp) -> None:
    """A line an act, in a pipe; the limit says that there may be more."""
    everything = json.loads(pmp("audit", "show", "--since", "2000-01-01", "--json")[1])
    code, out, err = pmp("audit", "show", "--since", "2000-01-01", "--limit", "1")
    first, *fields = out.splitlines()
    assert (code, len(fields) <= 1, "--most" in err) == (0, True, True)
    assert everything[-1]["act"] in first
    assert first.startswith(f"{everything[-1]['acted_at'][:10]} ")
    assert " UTC  " in first
    changes = json.dumps(
        [["dead_letters.discard", {"state": "a", "decided_at": "b"}], ["outbox.stage", {"state": "c"}]]
    )
    change(store, f"UPDATE audit SET changes = '{changes}'")
    discarded = pmp("audit", "show", "--record", "dead letter 2")[1].splitlines()
    assert discarded[-1] == "    dead_letters: state, decided_at; outbox: state"
    assert pmp("audit", "show", "--record", "nothing")[1] == "Acts: none\n"


def test_r60_a_change_is_found_and_told_where(store: Path, pmp: Pmp) -> None:
    """1, and the place of the chain."""
    (head,) = pmp("audit", "heads")[1].splitlines()
    change(store, "UPDATE audit SET actor = 'nobody' WHERE place = 1")
    code, out, _ = pmp("audit", "verify", "--json")
    assert code == 1
    assert {one["place"] for one in json.loads(out)["breaks"]} == {1}
    change(store, "DELETE FROM audit")
    change(store, "UPDATE audit_heads SET place = 0, hash = ''")
    assert pmp("audit", "verify")[0] == 0
    assert pmp("audit", "verify", "--expect", head)[0] == 1


@pytest.mark.parametrize("argv", [["show"], ["verify", "--expect", "1:x:y"], ["verify", "--expect", "1:2:"]])
def test_a_wrong_question_is_2(store: Path, pmp: Pmp, argv: list[str]) -> None:
    """Nobody's acts, or a head that is none."""
    assert pmp("audit", *argv)[0] == 2


def test_r61_the_table_of_publishers(store: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kinds, and as what RabbitMQ imports; a slip is 78."""
    monkeypatch.setenv("PMP_PUBLISHERS", '{"portal": ["ticket.opened", "ticket.answered"]}')
    assert json.loads(pmp("publishers", "list", "--json")[1]) == {"portal": ["ticket.answered", "ticket.opened"]}
    written = json.loads(pmp("publishers", "permissions", "--vhost", "pmp")[1])
    (topic,) = written["topic_permissions"]
    assert topic["write"] == r"^(ticket\.answered|ticket\.opened)$"
    monkeypatch.setenv("PMP_PUBLISHERS", '{"portal": ["tiket.opened"]}')
    assert pmp("publishers", "list")[0] == 78


def test_r63_a_test_message_waits_for_the_relay(store: Path, pmp: Pmp) -> None:
    """An address that is none is refused before anything is written."""
    assert pmp("mail", "test", "ops@example.org")[0] == 0
    staged = "SELECT destination, state FROM outbox WHERE name = 'administrators.test_message'"
    assert rows(store, staged) == [("ops@example.org", "due")]
    assert pmp("mail", "test", "nobody")[0] == 1
    assert len(rows(store, staged)) == 1


def test_r63_a_test_message_tries_the_settings_of_the_mail_server(
    store: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that cannot work are told at once, and nothing is written; a server that is away is the relay's to wait for."""
    staged = "SELECT destination FROM outbox WHERE name = 'administrators.test_message'"
    monkeypatch.setenv("PMP_TRANSPORT", "smtp")
    monkeypatch.setenv("PMP_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("PMP_SMTP_PORT", "1")
    monkeypatch.setenv("PMP_SMTP_CA_FILE", "nowhere.pem")
    for tls in ("none", "tls"):
        monkeypatch.setenv("PMP_SMTP_TLS", tls)
        code, _, err = pmp("mail", "test", "ops@example.org")
        assert (code, "smtp_ca_file" in err) == (78, True)
    assert rows(store, staged) == []
    monkeypatch.delenv("PMP_SMTP_CA_FILE")
    code, _, err = pmp("mail", "test", "ops@example.org")
    assert (code, "the mail server cannot be reached; the relay tries" in err) == (0, True)
    assert rows(store, staged) == [("ops@example.org",)]
