"""One mail over one open SMTP connection, each stage with its own time limit.

aiosmtplib's own ``data()`` has one time limit for the start and for the final reply, and room for nothing
between; so the commands are given singly. What its answers hide and this module must know:

- cancelled or timed out at the final reply, the mail is usually delivered all the same: that is *unknown*,
  never *failed* (RFC 5321 §4.5.3.2.6 asks for ten minutes of patience there, for this reason);
- what the server says unasked, such as a 421 before it hangs up, is dropped: it shows as a lost connection.
"""

from __future__ import annotations

from aiosmtplib import SMTP, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError

from notifier.render import Mail
from notifier.replies import Stage, accepts, judged
from notifier.transport import BeforeFinal, Refused, Sent, Temporary, Unknown


class LostAtOnceError(Exception):
    """A kept connection was gone, or hung up, before it took anything of this mail: try a fresh one."""


async def deliver(
    smtp: SMTP,
    mail: Mail,
    before_final: BeforeFinal,
    *,
    kept: bool,
    command_seconds: float,
    final_seconds: float,
) -> Sent:
    """The mail's outcome on this connection.

    Args:
        smtp: connected, greeted and, where asked for, encrypted and logged in.
        mail: what to send.
        before_final: awaited after DATA was answered 354 and before the content goes out.
        kept: the connection has carried another mail before, so it may have died of age.
        command_seconds: the limit of each command's reply.
        final_seconds: the limit of the reply to the content.

    Raises:
        LostAtOnceError: see there; ``before_final`` was not awaited.

    """
    utf8 = not mail.recipient.isascii()
    if utf8 and not smtp.supports_extension("smtputf8"):
        return Refused(553, "the mail server does not take international addresses (SMTPUTF8)")
    options = b" SMTPUTF8 BODY=8BITMIME" if utf8 else b""
    commands = (
        (
            Stage.SENDER,
            b"MAIL FROM:<%b>%b" % (mail.sender.encode(), options),
        ),
        (Stage.RECIPIENT, b"RCPT TO:<%b>" % mail.recipient.encode()),
        (Stage.DATA, b"DATA"),
    )
    for stage, command in commands:
        try:
            reply = await smtp.execute_command(command, timeout=command_seconds)
        except (SMTPServerDisconnected, SMTPTimeoutError, SMTPResponseException) as error:
            if kept and stage is Stage.SENDER and isinstance(error, SMTPServerDisconnected):
                raise LostAtOnceError from error
            return Temporary(None, f"no usable answer to {stage.value}")
        if kept and stage is Stage.SENDER and reply.code == 421:
            raise LostAtOnceError
        if not accepts(stage, reply.code):
            return judged(stage, reply.code, reply.message)
    await before_final()
    return await _content(smtp, mail.content, final_seconds)


async def _content(smtp: SMTP, content: bytes, final_seconds: float) -> Sent:
    protocol = smtp.protocol
    if protocol is None or not protocol.is_connected:
        return Temporary(None, "the connection was lost before the content went out")
    protocol.write(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")  # RFC 5321 §4.5.2
    try:
        reply = await protocol.read_response(timeout=final_seconds)
    except SMTPTimeoutError:
        return Unknown("no answer to the content in time")
    except SMTPServerDisconnected:
        return Unknown("the connection was lost after the content went out")
    except SMTPResponseException:
        return Unknown("the answer to the content could not be read")
    return judged(Stage.CONTENT, reply.code, reply.message)
