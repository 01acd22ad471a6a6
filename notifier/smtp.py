"""E-mail leaves over SMTP: a few kept connections, each carrying one mail at a time."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, cast

from aiosmtplib import (
    SMTP,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from messages import errors
from notifier.conversation import LostAtOnceError, deliver
from notifier.render import Mail
from notifier.replies import Stage, judged
from notifier.transport import (
    Accepted,
    BeforeFinal,
    Misconfigured,
    Refused,
    Sent,
    Temporary,
)

_HELLO = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?)+|\[[0-9A-Za-z.:]+\]")  # RFC 5321 §4.1.3
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Which mail server, and the limits of talking to it.

    Args:
        host: its name, as its certificate says it.
        port: 25 between servers, 587 with STARTTLS, 465 with TLS from the start.
        tls: ``none``, ``starttls`` or ``tls``; what is asked for is required, never replaced by plain (R63).
        username: logs in when given, only over TLS or to this machine.
        password: never shown.
        ca_file: certificates to trust instead of the system's.
        local_hostname: how this machine greets; its own name when None.
        connections: at most so many at once.
        mails_per_connection: then it is closed politely; many servers insist on some such limit.
        idle_seconds: a connection unused for longer is not trusted to be alive.
        connect_seconds: limit of connecting, TLS and each step of the greeting.
        command_seconds: limit of the reply to MAIL, RCPT and DATA.
        final_seconds: limit of the reply to the content; RFC 5321 §4.5.3.2.6 asks for ten minutes, because
            giving up early there delivers mail twice.

    """

    host: str
    port: int = 25
    tls: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    local_hostname: str | None = None
    connections: int = 6
    mails_per_connection: int = 100
    idle_seconds: float = 30.0
    connect_seconds: float = 30.0
    command_seconds: float = 60.0
    final_seconds: float = 600.0

    def __post_init__(self) -> None:
        if self.username is not None and self.tls == "none" and self.host not in _LOOPBACK:
            raise errors.Misconfigured("the mail server's password is sent over TLS only: set smtp_tls")
        if self.ca_file is not None and self.tls == "none":
            raise errors.Misconfigured(
                "smtp_ca_file is of no use without TLS, and nothing would be verified: set smtp_tls"
            )
        if self.local_hostname is not None and not _HELLO.fullmatch(self.local_hostname):
            raise errors.Misconfigured("smtp_local_hostname must be a domain name or an address in brackets")


@dataclass(slots=True)
class _Connection:
    smtp: SMTP
    mails: int = 0
    used_at_seconds: float = 0.0
    reset_due: bool = False

    def abort(self) -> None:
        """It is gone at once, with whatever was still to be written."""
        transport = self.smtp.transport
        if transport is not None:
            cast(asyncio.WriteTransport, transport).abort()
        self.smtp.close()

    def part(self) -> None:
        """QUIT is said and the connection closed; the answer would change nothing and is not waited for."""
        if self.smtp.protocol is not None and self.smtp.is_connected:
            self.smtp.protocol.write(b"QUIT\r\n")
        self.smtp.close()


class SmtpTransport:
    """A pool of connections to one mail server.

    A connection is opened when a mail needs one and kept for the next. After a refusal it is reset before
    it is used again; after anything odder (a lost answer, a cancelled send) it is thrown away.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(settings.connections)
        self._idle: list[_Connection] = []
        self._context: ssl.SSLContext | None = None
        self._local_hostname = settings.local_hostname or socket.gethostname()

    async def __aenter__(self) -> Self:
        if self._settings.tls != "none":
            try:
                self._context = ssl.create_default_context(cafile=self._settings.ca_file)
            except OSError as error:
                reason = "holds no certificate" if isinstance(error, ssl.SSLError) else "cannot be read"
                raise errors.Misconfigured(f"smtp_ca_file {self._settings.ca_file} {reason}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.part()

    async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
        """The mail's outcome (see Transport.send); waits for a free connection."""
        async with self._places:
            kept = self._kept()
            if kept is not None:
                try:
                    return await self._carry(kept, mail, before_final)
                except LostAtOnceError:
                    pass  # it died of age between two mails, and took nothing of this one
            fresh = await self._open()
            if not isinstance(fresh, _Connection):
                return fresh
            return await self._carry(fresh, mail, before_final)

    async def probe(self) -> Temporary | Misconfigured | None:
        """None when the server lets us in now: connected, encrypted and logged in as the settings ask."""
        async with self._places:
            fresh = await self._open()
            if not isinstance(fresh, _Connection):
                return fresh
            fresh.part()
            return None

    async def _carry(self, connection: _Connection, mail: Mail, before_final: BeforeFinal) -> Sent:
        outcome: Sent | None = None
        try:
            if connection.reset_due:
                await self._reset(connection)
            outcome = await deliver(
                connection.smtp,
                mail,
                before_final,
                kept=connection.mails > 0,
                command_seconds=self._settings.command_seconds,
                final_seconds=self._settings.final_seconds,
            )
            return outcome
        finally:
            # Nothing is awaited here: a cancellation after the final reply must not take the outcome with it.
            self._put_back(connection, outcome)

    def _put_back(self, connection: _Connection, outcome: Sent | None) -> None:
        connection.mails += 1
        connection.used_at_seconds = asyncio.get_running_loop().time()
        match outcome:
            case Accepted():
                connection.reset_due = False
            case Refused() | Temporary(code=int()):
                connection.reset_due = True
            case _:
                connection.abort()
        if connection.mails >= self._settings.mails_per_connection:
            connection.part()
        elif connection.smtp.is_connected:
            self._idle.append(connection)

    async def _reset(self, connection: _Connection) -> None:
        try:
            reply = await connection.smtp.execute_command(b"RSET", timeout=self._settings.command_seconds)
        except (SMTPException, OSError) as error:
            raise LostAtOnceError from error
        if reply.code != 250:
            raise LostAtOnceError

    def _kept(self) -> _Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.smtp.is_connected and now - connection.used_at_seconds < self._settings.idle_seconds:
                return connection
            connection.abort()
        return None

    async def _open(self) -> _Connection | Temporary | Misconfigured:
        settings = self._settings
        # start_tls is True or False, never None: None would mean "if the server offers it".
        smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            local_hostname=self._local_hostname,
            timeout=settings.connect_seconds,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=self._context,
        )
        connection = _Connection(smtp)
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        except (SMTPException, OSError) as error:
            connection.abort()
            return _not_opened(error)
        except asyncio.CancelledError:
            connection.abort()
            raise
        return connection


def _not_opened(error: SMTPException | OSError) -> Temporary | Misconfigured:
    """Why no connection came about: the server is away, or something is for an operator to mend."""
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Misconfigured("the mail server's TLS or certificate was not accepted")
    if isinstance(error, SMTPResponseException):
        outcome = judged(Stage.CONNECT, error.code, error.message)
        if isinstance(outcome, Temporary | Misconfigured):
            return outcome
    if isinstance(error, OSError | SMTPConnectError | SMTPTimeoutError | SMTPServerDisconnected):
        return Temporary(None, "the mail server cannot be reached")
    # What is left is aiosmtplib saying that an extension is missing: STARTTLS or AUTH.
    return Misconfigured("the mail server does not offer the TLS or login the settings ask for")
