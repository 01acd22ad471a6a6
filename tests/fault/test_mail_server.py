"""Whatever the mail server does, at whatever stage, the outcome told is true and no mail is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from notifier.smtp import SmtpSettings, SmtpTransport
from notifier.transport import Accepted, Misconfigured, Refused, Sent, Temporary, Unknown
from tests.loop_time import patience_ends
from tests.mail_sink import Action, HangUp, MailSink, Say, Stage, Stall, example_mail

EARLY: list[Stage] = ["connect", "ehlo", "mail", "rcpt", "data"]
FROM_RECIPIENT: list[Stage] = ["rcpt", "data", "content"]


async def nothing() -> None:
    """The caller has nothing to record."""


def settings(sink: MailSink) -> SmtpSettings:
    """One connection, so that the next mail meets what the last one left; the limits are those of a real server."""
    return SmtpSettings(sink.host, sink.port, connections=1)


async def outcome_of(
    stage: Stage, action: Action, before_final: Callable[[], Awaitable[None]] = nothing
) -> tuple[Sent, MailSink]:
    """The outcome of a mail whose stage goes wrong; the next mail on the same transport always arrives."""
    async with MailSink() as sink, SmtpTransport(settings(sink)) as transport:
        sink.fail(stage, action)
        sending = asyncio.create_task(transport.send(example_mail(), before_final))
        if isinstance(action, Stall):
            await sink.silent.wait()
            await patience_ends(sending, limit_seconds=settings(sink).final_seconds)
        outcome = await sending
        sink.mend()
        assert isinstance(await transport.send(example_mail(key="next"), nothing), Accepted)
        assert sink.mails.pop().message_id == "<next@example.org>"
        return outcome, sink


@pytest.mark.parametrize("code", [421, 450, 451, 452])
@pytest.mark.parametrize("stage", [*EARLY, "content"])
async def test_a_4yz_at_any_stage_is_temporary(stage: Stage, code: int) -> None:
    """Try again later; nothing was taken."""
    outcome, sink = await outcome_of(stage, Say(f"{code} 4.3.0 later"))
    assert isinstance(outcome, Temporary)
    assert outcome.code == code
    assert sink.mails == []


@pytest.mark.parametrize("code", [550, 551, 552, 553, 554])
@pytest.mark.parametrize("stage", FROM_RECIPIENT)
async def test_a_5yz_from_the_recipient_on_is_final(stage: Stage, code: int) -> None:
    """This mail is never tried again."""
    outcome, sink = await outcome_of(stage, Say(f"{code} 5.0.0 no"))
    assert outcome == Refused(code, "5.0.0 no")
    assert sink.mails == []


@pytest.mark.parametrize("code", [550, 553, 554])
@pytest.mark.parametrize("stage", ["connect", "mail"])
async def test_a_5yz_before_the_recipient_pauses_the_mailer(stage: Stage, code: int) -> None:
    """The server refuses us, not the mail: no mail is given up for it."""
    outcome, _ = await outcome_of(stage, Say(f"{code} 5.7.1 not you"))
    assert isinstance(outcome, Misconfigured)
    assert str(code) in outcome.why


@pytest.mark.parametrize("code", [454, 530, 535])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_wanted_login_or_tls_pauses_the_mailer(stage: Stage, code: int) -> None:
    """Configuration, whichever command met it: no attempt is burnt."""
    outcome, _ = await outcome_of(stage, Say(f"{code} 5.7.0 authentication required"))
    assert isinstance(outcome, Misconfigured)


@pytest.mark.parametrize("action", [HangUp(), Stall(), Say("nonsense"), Say("250-" + "x" * 40_000)])
@pytest.mark.parametrize("stage", EARLY)
async def test_a_lost_or_silent_server_before_the_content_is_temporary(stage: Stage, action: Action) -> None:
    """Nothing was handed over: the record of the hand-over was never asked for."""
    called: list[bool] = []

    async def record() -> None:
        called.append(True)

    outcome, sink = await outcome_of(stage, action, record)
    assert isinstance(outcome, Temporary)
    assert outcome.code is None
    assert called == []
    assert sink.mails == []


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("kind", [HangUp, Stall])
async def test_a_missing_answer_to_the_content_is_unknown(kind: type[HangUp | Stall], keep: bool) -> None:
    """Taken or not, the sender cannot tell: it is called neither sent nor failed, nor sent again."""
    outcome, sink = await outcome_of("content", kind(keep=keep))
    assert isinstance(outcome, Unknown)
    assert len(sink.mails) == int(keep)


@pytest.mark.parametrize("line", ["nonsense", "999 what", "150 go on"])
async def test_an_answer_to_the_content_that_nobody_understands_is_unknown(line: str) -> None:
    """Only 2yz is acceptance, only 4yz and 5yz are refusals."""
    outcome, _ = await outcome_of("content", Say(line))
    assert isinstance(outcome, Unknown)


async def test_a_connection_cut_while_the_hand_over_is_recorded_is_temporary() -> None:
    """The content never left, and that is known."""
    async with MailSink() as sink, SmtpTransport(settings(sink)) as transport:

        async def cut() -> None:
            sink.hang_up_all()
            # A whole exchange with the server later, the cut has reached this side too.
            reader, writer = await asyncio.open_connection(sink.host, sink.port)
            await reader.readline()
            writer.close()
            await writer.wait_closed()

        outcome = await transport.send(example_mail(), cut)
        assert outcome == Temporary(None, "the connection was lost before the content went out")
        assert sink.mails == []


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data", "content"])
async def test_a_cancelled_send_leaves_no_half_used_connection(stage: Stage) -> None:
    """Cancelled at any stage: the next mail has a clean connection, and no answer is taken for another's."""
    async with MailSink() as sink:
        async with SmtpTransport(settings(sink)) as transport:
            sink.fail(stage, Stall(keep=True))
            sending = asyncio.create_task(transport.send(example_mail(), nothing))
            await sink.silent.wait()
            while (
                not sending.done()
            ):  # Python 3.11's wait_for keeps a cancellation to itself if its result comes just then
                sending.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await sending
            outcomes = [await transport.send(example_mail(key=key), nothing) for key in ("2", "3")]
        assert {type(outcome) for outcome in outcomes} == {Accepted}
        taken = ["<1@example.org>"] if stage == "content" else []
        assert [mail.message_id for mail in sink.mails] == [*taken, "<2@example.org>", "<3@example.org>"]


async def test_a_server_without_starttls_gets_nothing() -> None:
    """A stripped STARTTLS, or one refused, is configuration: nothing goes out in clear."""
    async with MailSink() as sink:
        async with SmtpTransport(SmtpSettings(sink.host, sink.port, tls="starttls")) as transport:
            assert isinstance(await transport.send(example_mail(), nothing), Misconfigured)
        assert sink.commands == ["ehlo"]


async def test_a_storm_of_faults_loses_and_doubles_nothing() -> None:
    """Every third mail meets a fault: only accepted and unknown ones can be in the mailbox, none twice."""
    async with MailSink() as sink, SmtpTransport(settings(sink)) as transport:
        faults: list[tuple[Stage, Action]] = [
            ("rcpt", Say("450 later")),
            ("rcpt", Say("550 no")),
            ("mail", HangUp()),
            ("data", Say("451 later")),
            ("content", HangUp(keep=True)),
            ("content", HangUp()),
            ("content", Say("554 no")),
        ]
        for n, (stage, action) in enumerate(faults):
            sink.fail(stage, action, recipient=None if stage == "mail" else f"robin{n * 3}@")
        mails = [example_mail(f"robin{n}@example.org", str(n)) for n in range(30)]
        outcomes = [await transport.send(mail, nothing) for mail in mails]
    by_kind: dict[type[Sent], set[str]] = {}
    for mail, outcome in zip(mails, outcomes, strict=True):
        by_kind.setdefault(type(outcome), set()).add(mail.message_id)
    arrived = [mail.message_id for mail in sink.mails]
    assert len(arrived) == len(set(arrived))
    assert by_kind[Accepted] <= set(arrived) <= by_kind[Accepted] | by_kind[Unknown]
    assert len(by_kind[Unknown]) == 2
    assert len(by_kind[Refused]) == 2
    assert sum(map(len, by_kind.values())) == 30
