"""A mail server's answer becomes an outcome: pure functions of the stage and the code.

Source: RFC 5321 §4.2 and §4.3.2, RFC 4954 §6 (authentication).
"""

from __future__ import annotations

from enum import Enum

from notifier.transport import Accepted, Misconfigured, Refused, Sent, Temporary, Unknown, plain_reply


class Stage(Enum):
    """How far a mail has got; the value names it in a sentence."""

    CONNECT = "the connection"
    SENDER = "the sender (MAIL)"
    RECIPIENT = "the recipient (RCPT)"
    DATA = "the announcement of content (DATA)"
    CONTENT = "the content"


# 454, 530, 534, 535, 538: authentication or encryption is wanted, weak or wrong, whatever the command was.
OUR_FAULT = frozenset({454, 530, 534, 535, 538})
# At MAIL these two concern the one mail (its size, its SMTPUTF8); any other 5yz there refuses our sender.
ABOUT_THIS_MAIL = frozenset({552, 555})


def accepts(stage: Stage, code: int) -> bool:
    """The answer lets the mail go on from this stage."""
    return code == 354 if stage is Stage.DATA else 200 <= code < 300


def judged(stage: Stage, code: int, reply: str) -> Sent:
    """What an answer that does not let the mail go on, or the last one, means for it.

    A 5yz before the recipient was named is not this mail's fault: the server refuses this client or this
    sender, and any other mail would fare the same; so the mailer pauses instead of giving up mails.
    """
    reply = plain_reply(reply)
    if accepts(stage, code) and stage is Stage.CONTENT:
        return Accepted(reply)
    if code in OUR_FAULT:
        return Misconfigured(f"{code} at {stage.value}: {reply}")
    if 400 <= code < 500:
        return Temporary(code, reply)
    if 500 <= code < 600:
        return _refused(stage, code, reply)
    if stage is Stage.CONTENT:
        return Unknown(f"the answer to {stage.value} was none SMTP knows")
    return Temporary(None, f"the answer to {stage.value} was none SMTP knows")


def _refused(stage: Stage, code: int, reply: str) -> Refused | Misconfigured:
    if stage is Stage.CONNECT or (stage is Stage.SENDER and code not in ABOUT_THIS_MAIL):
        return Misconfigured(f"{code} at {stage.value}: {reply}")
    return Refused(code, reply)
