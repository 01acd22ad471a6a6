"""AMQP's properties become an envelope here, and back; connections are made here, each with its limits."""

from __future__ import annotations

from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage

from messages.envelope import JSON, Envelope
from messages.errors import BrokerAway

_TEXT_CHARS_MAX = 255  # AMQP's own limit for short strings


async def open_connection(amqp_url: str, *, name: str, timeout_seconds: float = 10.0) -> AbstractConnection:
    """Return a plain connection: a loss is seen at once and the caller's own loop makes a new one.

    Raises:
        BrokerAway: nobody answers in time.
    """
    try:
        return await aio_pika.connect(
            amqp_url, timeout=timeout_seconds, client_properties={"connection_name": name}, heartbeat=15
        )
    except (aio_pika.exceptions.AMQPError, OSError, TimeoutError) as error:
        raise BrokerAway(f"RabbitMQ does not take the connection: {type(error).__name__}.") from error


def to_envelope(message: DeliveredMessage) -> Envelope:
    """Read what AMQP says about a message; nothing here can fail, whatever the sender wrote."""
    said = message.header.properties
    user, app = _text(said.user_id), _text(said.app_id)
    sent_at = said.timestamp if isinstance(said.timestamp, datetime) else None
    if sent_at is not None and sent_at.tzinfo is None:
        sent_at = sent_at.replace(tzinfo=UTC)
    headers = said.headers or {}
    envelope = Envelope(
        message_id=_text(said.message_id),
        kind=_text(said.message_type) or _text(message.routing_key),
        sender=user or (f"app:{app}" if app else "anonymous"),
        body=message.body,
        content_type=_text(said.content_type) or JSON,
        content_encoding=_text(said.content_encoding),
        sent_at=sent_at,
        app_id=app,
        correlation_id=_text(said.correlation_id),
        reply_to=_text(said.reply_to),
        file_name=_text(headers.get("file_name")),
        traceparent=_text(headers.get("traceparent")),
    )
    return envelope if envelope.message_id else envelope.with_derived_id()


def _text(value: object) -> str:
    if not value:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = value[:_TEXT_CHARS_MAX] if isinstance(value, str) else ""
    # Ten texts a message, nearly all clean: asking for the whole first is 10 times cheaper than going through each.
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())
