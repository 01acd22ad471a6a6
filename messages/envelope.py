"""What AMQP says about a message: the properties around its body, as plain values.

The envelope is AMQP's own properties, so that a portal in any language needs no wrapper format. It maps one to one on
CloudEvents: id = message_id, type = kind, source = sender, time = sent_at.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime

JSON = "application/json"
ASAP = "text/x-asap"
MESSAGE_ID_BYTES_MAX = 255
"""AMQP's own limit of a short string, in UTF-8."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as it arrived, not yet decoded.

    ``sender`` is the broker user (``user_id``, which RabbitMQ checks), else ``app:<app_id>``, else ``anonymous``.
    The same sender and the same ``message_id`` are the same message.
    """

    message_id: str
    kind: str
    sender: str
    body: bytes
    content_type: str = JSON
    content_encoding: str = ""
    sent_at: datetime | None = None
    app_id: str = ""
    correlation_id: str = ""
    reply_to: str = ""
    file_name: str = ""
    has_own_id: bool = True
    original_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes a message the same message: its sender and its id."""
        return self.sender, self.message_id

    @property
    def own_id(self) -> str:
        """The id that the sender gave, which its answer refers to; empty when it gave none."""
        return (self.original_id or self.message_id) if self.has_own_id else ""

    def digest(self) -> str:
        """Identify the content: two messages of one id with different digests are not one message."""
        return hashlib.blake2b(self.body, digest_size=16, person=self.kind.encode()[:16]).hexdigest()

    def with_derived_id(self) -> Envelope:
        """Give a message without ``message_id`` one made of its content, so that it can be kept and named."""
        seen = hashlib.sha256(f"{self.sender}\0{self.kind}\0{self.sent_at}\0".encode() + self.body).hexdigest()
        return replace(self, message_id=f"none:{seen[:32]}", has_own_id=False)

    def with_reused_id(self) -> Envelope:
        """Name a message that took the id of another one, so that both can be kept."""
        return replace(self, message_id=f"{self.message_id}#{self.digest()}", original_id=self.own_id)

    def properties_json(self) -> str:
        """Write what ``from_properties`` needs to build this envelope again, the body apart."""
        return json.dumps(
            {
                "content_type": self.content_type,
                "content_encoding": self.content_encoding,
                "sent_at": self.sent_at.isoformat() if self.sent_at else None,
                "app_id": self.app_id,
                "correlation_id": self.correlation_id,
                "reply_to": self.reply_to,
                "file_name": self.file_name,
                "has_own_id": self.has_own_id,
                "original_id": self.original_id,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_properties(cls, *, message_id: str, kind: str, sender: str, properties: str, body: bytes) -> Envelope:
        """Build the envelope again that ``properties_json`` wrote."""
        kept = json.loads(properties)
        sent_at = kept.pop("sent_at")
        kept.pop("traceparent", None)  # in what was kept by earlier versions
        return cls(
            message_id=message_id,
            kind=kind,
            sender=sender,
            body=body,
            sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
            **kept,
        )
