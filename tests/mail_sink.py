"""A mail server for tests, real on the wire, that misbehaves at the stage it is told to.

async with MailSink() as sink:
    sink.fail("rcpt", Say("450 4.2.1 busy"))
    ...
    assert [mail.recipient for mail in sink.mails] == [...]
"""

from __future__ import annotations

import asyncio
import email
import ssl
import subprocess
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from notifier.render import Mail

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "content", "rset"]


@dataclass(frozen=True, slots=True)
class Say:
    """The server answers this line."""

    line: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is cut; at the content, ``keep`` decides whether the mail was taken before."""

    keep: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """The server falls silent; at the content, ``keep`` decides whether the mail was taken before."""

    keep: bool = False


Action = Say | HangUp | Stall


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail to one recipient, as it came over the wire."""

    sender: str
    recipient: str
    content: bytes
    message_id: str


@dataclass(slots=True)
class _Fault:
    stage: Stage
    action: Action
    times: int | None
    recipient: str | None


@dataclass(slots=True)
class MailSink:
    """Takes mail on a port of this machine into ``mails``; opened by ``async with``.

    Args:
        tls_context: offers STARTTLS with it.
        login: (user, password) it insists on.
        smtputf8: offers international addresses.
    """

    tls_context: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    smtputf8: bool = True
    port: int = 0
    mails: list[ReceivedMail] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    """What clients called themselves (EHLO)."""
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a conversation has fallen silent, as it was told to."""
    _faults: list[_Fault] = field(default_factory=list)
    _open: set[_Conversation] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @property
    def host(self) -> str:
        return "127.0.0.1"

    def fail(self, stage: Stage, action: Action, *, times: int | None = 1, recipient: str | None = None) -> None:
        """From now on the stage goes wrong, so many times (None: always), or for one recipient only."""
        self._faults.append(_Fault(stage, action, times, recipient))

    def mend(self) -> None:
        """No stage goes wrong any more."""
        self._faults.clear()

    def hang_up_all(self) -> None:
        """Every open connection is cut, as an idle time-out of the server would."""
        for conversation in tuple(self._open):
            conversation.cut()

    def next_fault(self, stage: Stage, recipient: str) -> Action | None:
        for fault in self._faults:
            if fault.stage == stage and (fault.recipient is None or fault.recipient in recipient):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                return fault.action
        return None

    def keep(self, envelope: Envelope) -> None:
        content = bytes(envelope.original_content or b"")
        message_id = str(email.message_from_bytes(content)["Message-ID"])
        for recipient in envelope.rcpt_tos:
            self.mails.append(ReceivedMail(str(envelope.mail_from), recipient, content, message_id))

    def authenticate(self, login: LoginPassword) -> AuthResult:
        given = (login.login.decode(), login.password.decode())
        return AuthResult(success=given == self.login, handled=False, auth_data=given[0])

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Conversation(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for conversation in self._open:
            conversation.end()
        await asyncio.gather(*(conversation.ended.wait() for conversation in tuple(self._open)))
        await self._server.wait_closed()


class _Keeper:
    """Takes the content of a mail, or goes wrong there."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    async def handle_DATA(self, server: _Conversation, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._sink.next_fault("content", " ".join(envelope.rcpt_tos))
        if fault is None or (isinstance(fault, HangUp | Stall) and fault.keep):
            self._sink.keep(envelope)
        if fault is None:
            return "250 2.0.0 OK queued"
        return await server.act(fault) or ""


class _Conversation(SMTP):
    def __init__(self, sink: MailSink) -> None:
        self._sink = sink
        self.ended = asyncio.Event()
        super().__init__(
            _Keeper(sink),
            hostname="sink.example.org",
            enable_SMTPUTF8=sink.smtputf8,
            tls_context=sink.tls_context,
            auth_required=sink.login is not None,
            authenticator=(lambda *args: sink.authenticate(args[4])) if sink.login else None,
        )
        for stage in ("ehlo", "starttls", "auth", "mail", "rcpt", "data", "rset"):
            verb = stage.upper()
            self._smtp_methods[verb] = self._watched(stage, self._smtp_methods[verb])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink._open.add(self)
        super().connection_made(transport)
        if self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(lambda _: self.ended.set())

    def connection_lost(self, error: Exception | None) -> None:
        self._sink._open.discard(self)
        super().connection_lost(error)

    def end(self) -> None:
        """Cut, and its task ended: after a failed TLS handshake nobody else would tell it."""
        self.cut()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def cut(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def act(self, action: Action) -> str | None:
        match action:
            case Say(line):
                return line
            case HangUp():
                self.cut()
            case Stall():
                self._sink.silent.set()
                await asyncio.get_running_loop().create_future()
        await asyncio.get_running_loop().create_future()  # until the cut has reached us
        return None

    async def _handle_client(self) -> None:
        self._sink.connections += 1
        fault = self._sink.next_fault("connect", "")
        if fault is not None:
            line = await self.act(fault)
            await self.push(line or "")
            self.cut_politely()
            return
        await super()._handle_client()

    def cut_politely(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.close()

    def _watched(self, stage: Any, method: Callable[[str], Coroutine[Any, Any, None]]) -> Any:
        async def watched(argument: str) -> None:
            self._sink.commands.append(stage)
            if stage == "ehlo":
                self._sink.greetings.append(argument)
            fault = self._sink.next_fault(stage, argument or "")
            if fault is None:
                await method(argument)
            else:
                line = await self.act(fault)
                await self.push(line or "")
                if line is not None and line.startswith("421"):
                    self.cut_politely()

        return watched


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1, signed by itself: its file, and a server's context that shows it."""
    key, cert = folder / "key.pem", folder / "certificate.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = "-subj /CN=sink.example.org -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", str(key), "-out", str(cert)]
    subprocess.run([*request.split(), *subject.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def example_mail(recipient: str = "robin@example.org", key: str = "1") -> Mail:
    """A small mail whose content starts lines with dots, as the wire's own end-of-mail sign does."""
    content = (
        f"From: <pmp@example.org>\r\nTo: <{recipient}>\r\nSubject: Example\r\n"
        f"Message-ID: <{key}@example.org>\r\n\r\nFirst line\r\n.\r\n..two dots\r\n.one dot\r\nLast line\r\n"
    )
    return Mail("pmp@example.org", recipient, f"<{key}@example.org>", "Example", content.encode())
