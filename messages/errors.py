"""Every error of this system, drawn once.

PmpError
├── Permanent                  a dead letter at once; the sender is told why
│   ├── Malformed              the bytes are not what the content type promises
│   ├── UnknownKind            no model of that name
│   ├── Invalid                a field breaks the model
│   ├── NotAuthorised          this sender may not say this (R61)
│   └── RecipientRefused       the mail server will never take this address
├── Transient                  tried again with back-off; nothing is dead-lettered for it
│   ├── StoreAway              the database is gone, locked, full or restarting
│   ├── BrokerAway             RabbitMQ is gone or does not answer
│   └── MailerMisconfigured    454, 530, 535: the mailer pauses, no attempt is burnt
└── Misconfigured              refuse to start (exit code 78)
    └── StoreUnusable          the store's file is damaged: whatever runs ends

Anything else that is raised is a bug: retried, logged with its traceback, then dead-lettered. The text of an error carries
ids and field names, never a value out of a message: values may be personal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field at fault: where (``applicant.email``), a stable code, a sentence without the value."""

    field: str
    code: str
    text: str


class PmpError(Exception):
    """Anything this system raises on purpose."""


class Permanent(PmpError):
    """Trying again cannot help: the message becomes a dead letter and its sender is told.

    Args:
        code: stable and machine-readable, e.g. ``unknown_kind``; the sender's program decides by it.
        text: one sentence for a person, free of values.
        field: the path of the field at fault (``applicant.email``), or None when it is the whole message.
    """

    code = "permanent"
    faults: tuple[FieldFault, ...] = ()

    def __init__(self, text: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.field = field
        if code is not None:
            self.code = code


class Malformed(Permanent):
    """The bytes are not what the content type promises."""

    code = "malformed"


class UnknownKind(Permanent):
    """No kind of that name is spoken here."""

    code = "unknown_kind"


class Invalid(Permanent):
    """The message breaks its kind's model; ``faults`` lists every field at fault, without values."""

    code = "invalid"

    def __init__(self, text: str, *, faults: tuple[FieldFault, ...] = (), field: str | None = None) -> None:
        super().__init__(text, field=field or (faults[0].field if faults else None))
        self.faults = faults


class NotAuthorised(Permanent):
    """The sender may not send this kind, or not for this dispenser (R61)."""

    code = "not_authorised"


class RecipientRefused(Permanent):
    """The mail server refused the address for good, or the address can never be one (RFC 5321: 5yz)."""

    code = "recipient_refused"


class Transient(PmpError):
    """A service is away or not ready: wait and try again; nothing is dead-lettered for it."""


class StoreAway(Transient):
    """The database cannot take a transaction now."""


class BrokerAway(Transient):
    """RabbitMQ cannot be reached, or did not confirm in time."""


class MailerMisconfigured(Transient):
    """Credentials or TLS towards the mail server are wrong: the mailer pauses, no attempt is burnt."""


class Misconfigured(PmpError):
    """The process refuses to start; the sentence says which setting or which part of the broker to mend."""


class StoreUnusable(Misconfigured):
    """The store's file is no database or is damaged: nobody may go on with it, and waiting mends nothing."""
