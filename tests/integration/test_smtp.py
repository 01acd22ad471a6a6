"""E-mail over a real SMTP connection: kept connections, TLS, login, the order of things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from messages.errors import Misconfigured as RefusesToStart
from notifier.smtp import SmtpSettings, SmtpTransport
from notifier.transport import Accepted, Misconfigured, Refused, Temporary
from tests.mail_sink import MailSink, Say, certificate, example_mail
from workers.bootstrap import transport_of
from workers.settings import load_settings


async def nothing() -> None:
    """The caller has nothing to record."""


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with MailSink() as sink:
        yield sink


def settings(sink: MailSink, **others: object) -> SmtpSettings:
    return SmtpSettings(sink.host, sink.port, **others)  # type: ignore[arg-type]


async def test_a_mail_arrives_as_it_was_written(sink: MailSink) -> None:
    """Byte for byte, lines of a single dot included."""
    mail = example_mail()
    async with SmtpTransport(settings(sink)) as transport:
        assert await transport.send(mail, nothing) == Accepted("2.0.0 OK queued")
    (received,) = sink.mails
    assert (received.sender, received.recipient) == (mail.sender, mail.recipient)
    assert received.content == mail.content


async def test_many_mails_share_a_few_connections(sink: MailSink) -> None:
    """No more connections than allowed, each used again and again, each mail exactly once."""
    async with SmtpTransport(settings(sink, connections=3)) as transport:
        mails = [example_mail(f"robin{n}@example.org", str(n)) for n in range(60)]
        outcomes = await asyncio.gather(*(transport.send(mail, nothing) for mail in mails))
    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert sorted(mail.message_id for mail in sink.mails) == sorted(mail.message_id for mail in mails)
    assert sink.connections <= 3
    assert sink.commands.count("ehlo") == sink.connections


async def test_a_connection_is_closed_after_its_share(sink: MailSink) -> None:
    """Many servers insist on a limit of mails per connection."""
    async with SmtpTransport(settings(sink, connections=1, mails_per_connection=2)) as transport:
        for n in range(5):
            assert isinstance(await transport.send(example_mail(key=str(n)), nothing), Accepted)
    assert sink.connections == 3


async def test_an_idle_connection_is_not_trusted(sink: MailSink) -> None:
    """After its idle time a connection is replaced, not tried."""
    async with SmtpTransport(settings(sink, idle_seconds=0.0)) as transport:
        for n in range(2):
            assert isinstance(await transport.send(example_mail(key=str(n)), nothing), Accepted)
    assert sink.connections == 2


async def test_a_refused_recipient_costs_its_neighbours_nothing(sink: MailSink) -> None:
    """One address refused among many: its own outcome only, and the connection goes on after a reset."""
    sink.fail("rcpt", Say("550 5.1.1 <bad@example.org> unknown"), recipient="bad@", times=None)
    async with SmtpTransport(settings(sink, connections=1)) as transport:
        recipients = ["a@example.org", "bad@example.org", "b@example.org"]
        outcomes = [await transport.send(example_mail(each, each), nothing) for each in recipients]
    assert outcomes[1] == Refused(550, "5.1.1 <(address)> unknown")
    assert [mail.recipient for mail in sink.mails] == ["a@example.org", "b@example.org"]
    assert (sink.connections, sink.commands.count("rset")) == (1, 1)


async def test_the_hand_over_is_recorded_after_the_recipient_and_before_the_content(sink: MailSink) -> None:
    """before_final sees all commands accepted and no mail taken; a refused recipient never gets there."""
    seen: list[tuple[list[str], int]] = []

    async def record() -> None:
        seen.append((list(sink.commands), len(sink.mails)))

    sink.fail("rcpt", Say("550 no"), recipient="bad@")
    async with SmtpTransport(settings(sink)) as transport:
        await transport.send(example_mail("bad@example.org"), record)
        assert seen == []
        await transport.send(example_mail(), record)
    assert seen == [(["ehlo", "mail", "rcpt", "rset", "mail", "rcpt", "data"], 0)]
    assert len(sink.mails) == 1


async def test_a_failing_record_stops_the_mail(sink: MailSink) -> None:
    """When the hand-over cannot be recorded nothing is sent, and the next mail has a clean connection."""

    async def fails() -> None:
        raise LookupError

    async with SmtpTransport(settings(sink, connections=1)) as transport:
        with pytest.raises(LookupError):
            await transport.send(example_mail(), fails)
        assert isinstance(await transport.send(example_mail(key="2"), nothing), Accepted)
    assert [mail.message_id for mail in sink.mails] == ["<2@example.org>"]


async def test_a_connection_that_died_between_two_mails_is_replaced(sink: MailSink) -> None:
    """The server's idle time-out burns no attempt."""
    async with SmtpTransport(settings(sink, connections=1)) as transport:
        await transport.send(example_mail(), nothing)
        sink.hang_up_all()
        assert isinstance(await transport.send(example_mail(key="2"), nothing), Accepted)
        sink.fail("mail", Say("421 4.3.2 too many mails on this connection"))
        assert isinstance(await transport.send(example_mail(key="3"), nothing), Accepted)
    assert len(sink.mails) == 3


async def test_an_international_address_needs_a_server_that_takes_it() -> None:
    """SMTPUTF8 offered: sent; not offered: refused with the reason."""
    async with MailSink() as sink, SmtpTransport(settings(sink)) as transport:
        assert isinstance(await transport.send(example_mail("jörg@example.org"), nothing), Accepted)
        assert sink.mails[0].recipient == "jörg@example.org"
    async with MailSink(smtputf8=False) as sink, SmtpTransport(settings(sink)) as transport:
        outcome = await transport.send(example_mail("jörg@example.org"), nothing)
        assert outcome == Refused(553, "the mail server does not take international addresses (SMTPUTF8)")


async def test_starttls_with_login(tmp_path: Path) -> None:
    """Encrypted, certificate verified, logged in; a wrong password pauses the mailer."""
    ca_file, context = certificate(tmp_path)
    async with MailSink(tls_context=context, login=("pmp", "right")) as sink:
        asked = {"tls": "starttls", "ca_file": ca_file, "username": "pmp"}
        async with SmtpTransport(settings(sink, password="right", **asked)) as transport:
            assert await transport.probe() is None
            assert isinstance(await transport.send(example_mail(), nothing), Accepted)
        async with SmtpTransport(settings(sink, password="wrong", **asked)) as transport:
            outcome = await transport.send(example_mail(), nothing)
            assert isinstance(outcome, Misconfigured)
            assert "535" in outcome.why
            assert "wrong" not in repr(settings(sink, password="wrong", **asked))
    assert len(sink.mails) == 1


async def test_r63_a_site_names_whom_it_trusts_and_how_it_greets(tmp_path: Path) -> None:
    """By settings: a certificate that the system does not know, and a full name for servers that insist on one."""
    ca_file, context = certificate(tmp_path)
    async with MailSink(tls_context=context) as sink:
        site = load_settings(
            transport="smtp", smtp_host=sink.host, smtp_port=sink.port, smtp_tls="starttls", smtp_ca_file=ca_file,
            smtp_local_hostname="pmp.state.example.org",
        )  # fmt: skip
        async with transport_of(site) as transport:
            assert isinstance(await transport.send(example_mail(), nothing), Accepted)
    assert set(sink.greetings) == {"pmp.state.example.org"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"smtp_ca_file": "ca.pem"}, "smtp_ca_file is of no use without TLS"),
        ({"smtp_ca_file": "nowhere.pem", "smtp_tls": "tls"}, "smtp_ca_file nowhere.pem cannot be read"),
        ({"smtp_ca_file": "empty.pem", "smtp_tls": "starttls"}, "smtp_ca_file empty.pem holds no certificate"),
        ({"smtp_local_hostname": "pmp\r\nMAIL FROM:<x@example.org>"}, "smtp_local_hostname must be"),
        ({"smtp_local_hostname": "-"}, "smtp_local_hostname must be"),
    ],
)
async def test_r63_a_setting_that_cannot_be_kept_is_refused_at_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], told: str
) -> None:
    """Nothing leaves unverified because a file is missing."""
    monkeypatch.chdir(tmp_path)
    Path("empty.pem").write_text("")
    with pytest.raises(RefusesToStart, match=told):
        async with transport_of(load_settings(transport="smtp", **wrong)):
            pass


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_tls_that_is_not_there_is_never_replaced_by_plain(sink: MailSink, tls: str) -> None:
    """Asked for TLS, a server without it gets no mail."""
    async with SmtpTransport(settings(sink, tls=tls)) as transport:
        assert isinstance(await transport.send(example_mail(), nothing), Misconfigured)
        assert isinstance(await transport.probe(), Misconfigured)
    assert "mail" not in sink.commands


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """Fail closed: no mail to a server that cannot prove its name."""
    _, context = certificate(tmp_path)
    async with MailSink(tls_context=context) as sink:
        async with SmtpTransport(settings(sink, tls="starttls")) as transport:
            assert isinstance(await transport.send(example_mail(), nothing), Misconfigured)
        assert "mail" not in sink.commands


async def test_a_server_that_is_away_is_temporary(sink: MailSink) -> None:
    """Nobody listens: no code, try again later."""
    nobody = SmtpSettings(sink.host, 1, connect_seconds=5)
    async with SmtpTransport(nobody) as transport:
        assert await transport.send(example_mail(), nothing) == Temporary(None, "the mail server cannot be reached")
        assert isinstance(await transport.probe(), Temporary)


def test_a_password_is_never_sent_in_clear_to_another_machine() -> None:
    """The settings themselves refuse it."""
    with pytest.raises(RefusesToStart):
        SmtpSettings("mail.example.org", username="pmp", password="x")


async def test_a_ca_file_that_is_not_there_refuses_to_start(sink: MailSink, tmp_path: Path) -> None:
    """Found at start, not at the first mail."""
    with pytest.raises(RefusesToStart):
        async with SmtpTransport(settings(sink, tls="tls", ca_file=str(tmp_path / "none.pem"))):
            pass
