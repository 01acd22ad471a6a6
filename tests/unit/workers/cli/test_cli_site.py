"""A site's own things: settings with their sources, keys and their rotation, notices looked at before anyone gets one."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from handlers.secrets import SealingKey, Vault
from notifier.catalogue import catalogue
from notifier.folder import read_folder
from tests.unit.workers.cli.filled_store import Pmp
from workers.settings import load_settings, masked


def by_name(pmp: Pmp) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in json.loads(pmp("settings", "--json")[1])}


def test_each_setting_tells_where_it_comes_from(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable beats the file, the file beats the default; for the rules' numbers too."""
    Path("pmp.toml").write_text("prefetch = 7\nsmtp_port = 26\n[programme]\npassword_days = 80\ndefer_days = 3\n")
    monkeypatch.setenv("PMP_PREFETCH", "8")
    monkeypatch.setenv("pmp_programme__defer_days", "4")
    monkeypatch.setenv("PMP_SUBMITTERS__CHAIN", "reports@example.org")
    seen = by_name(pmp)
    wanted = {
        "PMP_PREFETCH": ("8", "environment"),
        "PMP_SMTP_PORT": ("26", "file"),
        "PMP_SMTP_HOST": ("localhost", "default"),
        "PMP_PROGRAMME__PASSWORD_DAYS": ("80", "file"),
        "PMP_PROGRAMME__DEFER_DAYS": ("4", "environment"),
        "PMP_PROGRAMME__RETRY_SECONDS": ("5", "default"),
        "PMP_SUBMITTERS": ('{"chain": "reports@example.org"}', "environment"),
    }
    assert {name: (seen[name]["value"], seen[name]["source"]) for name in wanted} == wanted


def test_a_value_is_shown_as_it_is_written(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set as JSON, and each default that is a list, a table or a time, can be copied into a variable as it is shown."""
    monkeypatch.setenv("PMP_PUBLISHERS", '{"portal": ["registration.*", "ticket.opened"]}')
    monkeypatch.setenv("PMP_PROGRAMME__CLOSING_DAYS", '["2026-12-24", "2026-07-03"]')
    monkeypatch.setenv("PMP_PROGRAMME__INVITE_UNREGISTERED", "yes")
    seen = by_name(pmp)
    assert {name: seen[f"PMP_{name}"]["value"] for name in (
        "PUBLISHERS", "ON_CALL", "ADMINISTRATORS", "PROGRAMME__CLOSING_DAYS", "PROGRAMME__REVIEW_REMINDER_DAYS",
        "PROGRAMME__INVITE_UNREGISTERED", "ROLES_FILE", "DRAIN_SECONDS", "PROGRAMME__HELP_DESK_OPENS",
    )} == {
        "PUBLISHERS": '{"portal": ["registration.*", "ticket.opened"]}', "ON_CALL": "[]",
        "ADMINISTRATORS": '["administrators@example.org"]', "PROGRAMME__CLOSING_DAYS": '["2026-07-03", "2026-12-24"]',
        "PROGRAMME__REVIEW_REMINDER_DAYS": "[0, 1, 7, 14]", "PROGRAMME__INVITE_UNREGISTERED": "true", "ROLES_FILE": "",
        "DRAIN_SECONDS": "25.0", "PROGRAMME__HELP_DESK_OPENS": "08:00:00",
    }  # fmt: skip
    secrets = ("not set", "set, not shown")
    settable = {name: row["value"] for name, row in seen.items() if row["value"] and row["value"] not in secrets}
    for name, value in settable.items():
        monkeypatch.setenv(name, value)
    again = by_name(pmp)
    assert {name: again[name]["value"] for name in settable} == settable


def test_every_problem_is_named_at_once(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number out of range, text where JSON is wanted, a zone that is none, a name in the file that is no setting."""
    Path("pmp.toml").write_text("smtp_prot = 25\n")
    for name, value in {
        "PREFETCH": "0", "ADMINISTRATORS": "ada@example.org", "SUBMITTERS": "chain", "SEALING_KEYS": '{"a": "xx"}',
        "PROGRAMME__TIME_ZONE": "Mars/Olympus",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"PMP_{name}", value)
    code, out, err = pmp("settings")
    assert (code, out) == (78, "")
    named = ["SMTP_PROT", "PREFETCH", "ADMINISTRATORS", "SUBMITTERS", "SEALING_KEYS", "PROGRAMME"]
    assert all(f"\n  PMP_{name}: " in err for name in named)
    assert not any(value in err for value in ("ada@", "chain", "Mars"))


def test_every_check_that_cannot_be_set_so_is_named_at_once(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which, and why, beside whatever else is wrong with the checks."""
    wrong = {
        "R02": "warning", "X1": "off", "R17": "file", "F01": "off", "F10": "error", "R30": "error", "R31": "loud",
    }  # fmt: skip
    monkeypatch.setenv("PMP_PROGRAMME__CHECK_SEVERITIES", json.dumps(wrong | {"R05": "off", "F06": "warning"}))
    monkeypatch.setenv("PMP_PROGRAMME__ASAP_VERSIONS", '["3.0", "4.2"]')
    monkeypatch.setenv("PMP_PROGRAMME__NDC_DIGITS", "10")
    code, _, err = pmp("settings")
    assert code == 78
    (severities,) = [line for line in err.splitlines() if "CHECK_SEVERITIES" in line]
    sentences = severities.partition(": ")[2].split("; ")
    assert [sentence.split()[0] for sentence in sentences] == list(wrong)
    assert all(f"\n  PMP_PROGRAMME__{name}: must be " in err for name in ("ASAP_VERSIONS", "NDC_DIGITS"))


@pytest.mark.parametrize(("content", "told"), [("store = s3cret\n", "line 1"), (None, "does not exist")])
def test_a_file_that_was_named_must_be_one(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, content: str | None, told: str
) -> None:
    """A mistyped path would mean the defaults, silently; a broken file says where, never what."""
    if content is not None:
        Path("site.toml").write_text(content)
    monkeypatch.setenv("PMP_SETTINGS_FILE", "site.toml")
    code, _, err = pmp("settings")
    assert (code, told in err, "s3cret" in err) == (78, True, False)


def test_a_mistyped_variable_is_told(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes nothing, so it must not pass in silence; what is one says nothing."""
    monkeypatch.setenv("PMP_STROE", "x")
    monkeypatch.setenv("PMP_AUDIT_KEY", "k3y")
    monkeypatch.setenv("PMP_PRIVATE_RABBITMQ", "installed")
    code, _, err = pmp("settings")
    assert (code, err) == (0, "warning: PMP_STROE is no setting; PMP_STORE is.\n")


@pytest.mark.parametrize(
    ("name", "address"),
    [("AMQP", "broker:5672"), ("AMQP", "http://broker"), ("AMQP", "amqp://"), ("MANAGEMENT", "broker:15672")],
)
def test_an_address_that_leads_nowhere_is_told(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    """Before anybody tries to connect to it."""
    monkeypatch.setenv(f"PMP_{name}_URL", address)
    code, _, err = pmp("status")
    assert (code, f"PMP_{name}_URL: must be an address" in err, "Traceback" in err) == (78, True, False)


@pytest.mark.parametrize(
    "store",
    ["mysql://site:s3cret@db/pmp", "postgres+x://site:s3cret@db/pmp", "sqlite:///s3cret.db", "",
     "postgresql://site:s3cret@db:99999/pmp", "postgresql://site:s3cret@one:5432,two:0/pmp"],
)  # fmt: skip
def test_a_store_that_is_none_is_told(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    """An address that leads to no PostgreSQL is no file's name: no folder of its name appears, nor its password."""
    monkeypatch.setenv("PMP_STORE", store)
    code, out, err = pmp("migrate")
    assert (code, out, "\n  PMP_STORE: " in err, "s3cret" in err) == (78, "", True, False)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("store", ["postgresql://a@[::1]:5433/pmp", "postgresql://one:1,two/pmp"])
def test_an_address_of_postgresql_may_have_every_form(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    """IPv6, several hosts."""
    monkeypatch.setenv("PMP_STORE", store)
    assert by_name(pmp)["PMP_STORE"]["value"] == store


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AMQP_URL", "amqp://h:99999/"), ("AMQP_URL", "amqp://h:0/"), ("MANAGEMENT_URL", "http://h:x"), ("SMTP_PORT", "0"),
        ("HANDLER_SECONDS", "inf"), ("DRAIN_SECONDS", "nan"), ("LEASE_SECONDS", "inf"), ("STORE_PATIENCE_SECONDS", "-1"),
        ("PROGRAMME__REVIEW_REMINDER_DAYS", "[-1]"), ("PROGRAMME__OVERDUE_NOTICE_DAYS", "[0]"),
        ("PROGRAMME__PASSWORD_DAYS", "0"), ("PROGRAMME__REVIEW_DAYS", "0"), ("PROGRAMME__LOCK_MINUTES", "99999999999"),
        ("PROGRAMME__RETRY_ATTEMPTS_MAX", "1000"), ("PROGRAMME__INBOX_DAYS", "9999999"),
    ],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_told(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Here, and not as a failure of the first message that meets it."""
    monkeypatch.setenv(f"PMP_{name}", value)
    code, _, err = pmp("settings")
    assert (code, f"\n  PMP_{name}" in err, "Traceback" in err) == (78, True, False)


def test_addresses_are_shown_without_their_password(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which store and which broker is no secret at three in the morning."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqps://site:pa55@broker.example.org:5671/pmp")
    assert by_name(pmp)["PMP_AMQP_URL"]["value"] == "amqps://site:***@broker.example.org:5671/pmp"
    assert masked("postgresql://db.example.org/pmp?password=pa55") == "postgresql://db.example.org/pmp?***"
    assert masked(".local/pmp.db") == ".local/pmp.db"


def test_r38_rotation_new_key_seals_older_ones_open(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `keys new` prints is the whole setting: the new key first, the older behind it."""
    assert pmp("keys", "public")[0] == 78
    assert json.loads(pmp("keys", "list", "--json")[1]) == []
    first = set_key(pmp, monkeypatch)
    sealed = sealing_key(first).seal("open sesame", message_id="m1")
    second = set_key(pmp, monkeypatch)
    assert second["key_id"] == f"{first['key_id']}-2"
    assert [one["seals"] for one in json.loads(pmp("keys", "list", "--json")[1])] == [True, False]
    assert pmp("keys", "public")[1] == f"{second['key_id']} {second['public_key']}\n"
    assert Vault(load_settings().private_keys()).open(sealed, message_id="m1") == "open sesame"


@pytest.mark.parametrize("key_id", ["a.b", "", "x" * 65, "taken"])
def test_a_key_id_that_cannot_be_one_is_2(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, key_id: str) -> None:
    """A dot would end the id in what is sealed, and an id means one key; an empty one is its date."""
    monkeypatch.setenv("PMP_SEALING_KEYS", json.dumps({"taken": base64.b64encode(bytes(32)).decode()}))
    assert pmp("keys", "new", "--key-id", key_id)[0] == (0 if key_id == "" else 2)


def set_key(pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A site takes what `keys new` printed as it is; what portals are given."""
    name, _, value = pmp("keys", "new")[1].strip().partition("=")
    monkeypatch.setenv(name, value)
    return dict(json.loads(pmp("keys", "public", "--json")[1]))


def sealing_key(public: dict[str, Any]) -> SealingKey:
    return SealingKey(public["key_id"], base64.b64decode(public["public_key"]))


def test_every_notice_is_listed(place: Path, pmp: Pmp) -> None:
    """When, to whom, by which rule, and what happens when nobody knows whether it arrived."""
    listed = json.loads(pmp("mail", "templates", "--json")[1])
    assert [one["name"] for one in listed] == [one.name for one in catalogue()]
    expiring = next(one for one in listed if one["name"] == "account.password_expiring")
    assert (expiring["rule"], expiring["audience"], expiring["on_unknown"]) == ("R33", "user", "resend")
    assert expiring["facts"]["days_left"] == "number"
    assert "account.password_expiring" in pmp("mail", "templates")[1]


@pytest.mark.parametrize("argv", [("relay",), ("run",), ("doctor",), ("mail", "templates")])
def test_a_wrong_template_of_the_site_is_told_before_anything_begins(
    place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    """With file, line and reason, all at once; no server is asked anything first."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://nobody@127.0.0.1:1/")
    monkeypatch.setenv("PMP_PUBLISHERS", '{"nobody": ["*"]}')
    monkeypatch.setenv("PMP_TEMPLATE_FOLDER", "own")
    for notice, text in (("locked", "Locked for\n{{ minuets }}"), ("suspended", "{% if %}")):
        file = Path("own", "account", notice, "body.txt")
        file.parent.mkdir(parents=True)
        file.write_text(text)
    code, _, err = pmp(*argv)
    assert code == 78
    assert "own/account/locked/body.txt, line 2: it uses minuets, which is not a fact of the notice" in err
    assert "own/account/suspended/body.txt, line 1: it does not compile" in err


def test_a_notice_is_looked_at(place: Path, pmp: Pmp, monkeypatch: pytest.MonkeyPatch) -> None:
    """As text, as JSON, as its HTML, as a page with both, in this site's name; one that there is not is 1."""
    monkeypatch.setenv("PMP_CONTACT_EMAIL", "help@example.org")
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    code, out, _ = pmp("mail", "preview", "account.password_expiring")
    assert (code, "Subject: Your password expires in 9 days" in out, "help@example.org" in out) == (0, True, True)
    assert json.loads(pmp("mail", "preview", "account.password_expiring", "--json")[1])["text"] in out + "\n"
    assert pmp("mail", "preview", "account.password_expiring", "--html", "mail.html")[0] == 0
    assert "Robin Example" in Path("mail.html").read_text()
    assert pmp("mail", "preview", "account.password_expiring", "--open-page", "page.html")[0] == 0
    assert opened == [Path("page.html").resolve().as_uri()]
    assert "<iframe sandbox" in Path("page.html").read_text()
    assert pmp("mail", "preview", "no.such")[0] == 1
    assert pmp("mail", "preview", "account.password_expiring", "--text", "--json")[0] == 2
    assert pmp("mail", "preview", "account.password_expiring", "--html", "no/such/folder")[0] == 1


def test_line_ends_of_the_wire_do_not_reach_a_reader(tmp_path: Path) -> None:
    """A mail's lines end with CRLF on the wire; a terminal shows the CR as something odd."""
    mail = EmailMessage()
    mail["Date"], mail["To"], mail["Subject"] = "Tue, 24 Nov 2026 09:00:00 +0000", "a@example.org", "Hello"
    mail.set_content("One\nTwo\n")
    (tmp_path / "x.eml").write_bytes(mail.as_bytes().replace(b"\n", b"\r\n"))
    assert read_folder(tmp_path)[0].text == "One\nTwo\n"
