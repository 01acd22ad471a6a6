"""AMQP's properties become an envelope here, and back; connections are made here, each with its limits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import (
    AMQPConnectionError,
    AuthenticationError,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from aiormq.exceptions import ConnectionNotAllowed
from yarl import URL

from messages.envelope import JSON, Envelope
from messages.errors import BrokerAway, Misconfigured
from workers.deliveries import Delivered, Take, Tapped

_HEARTBEAT_SECONDS = 15  # a half-open connection is given up after three; the URL may say another (?heartbeat=30)
_NO_HEADERS: Mapping[str, Any] = {}
_HEADER_CHARS_MAX = 255  # AMQP sets the properties a limit, but none to a header


async def open_connection(
    amqp_url: str, *, name: str, timeout_seconds: float = 10.0, take: Take | None = None
) -> AbstractConnection:
    """Return a plain connection: a loss is seen at once and the caller's own loop makes a new one.

    ``take`` gets every delivery that comes by it, and aiormq none (``workers.deliveries``).

    Raises:
        Misconfigured: the login or the virtual host is refused; also by a broker that is just ending or starting, so whoever
            was connected before waits for it.
        BrokerAway: nobody answers in time.
    """
    with told_as_ours(amqp_url):
        url = URL(amqp_url)
        if "heartbeat" not in url.query:
            url = url.update_query(heartbeat=_HEARTBEAT_SECONDS)
        connection = aio_pika.Connection(url, client_properties={"connection_name": name})
        if take is not None:
            connection.kwargs["transport_factory"] = Tapped(take)  # aio-pika hands them on to aiormq
        try:
            await connection.connect(timeout_seconds)
        except BaseException:
            # aio_pika.connect leaves it to the garbage collector, which closes it in whatever thread and loop it runs in.
            await connection.close()
            raise
        return connection


@contextmanager
def told_as_ours(amqp_url: str) -> Iterator[None]:
    """What aio-pika, aiormq and the system say about a connection is said in our own words; the one place that translates it.

    Raises:
        Misconfigured: the login or the virtual host is refused.
        BrokerAway: nobody answers, or the connection was lost.
    """
    try:
        with dead_line_is_away():
            yield
    except (AuthenticationError, ProbableAuthenticationError) as error:
        raise Misconfigured("the broker refuses the login of the AMQP URL: check user and password") from error
    except (ConnectionNotAllowed, InvalidFrameError) as error:  # aiormq takes the refusal for a broken frame
        raise Misconfigured(
            "the broker refuses the virtual host of the AMQP URL: it is missing, or the user has no permission there"
        ) from error
    except (AMQPConnectionError, OSError) as error:
        place = urlsplit(amqp_url).netloc.rpartition("@")[2]  # without who logs in there
        raise BrokerAway(f"the broker does not answer at {place} ({type(error).__name__})") from error


@contextmanager
def dead_line_is_away() -> Iterator[None]:
    """When heartbeats stop, aiormq cancels whoever waits for the line; that is no cancellation of ours, and nothing ends by it.

    Raises:
        BrokerAway: the line went dead while we waited for it.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BrokerAway("the line to the broker went dead") from error


def to_envelope(message: Delivered) -> Envelope:
    """Read what AMQP says about a message; nothing here can fail, whatever the sender wrote."""
    said = message.properties
    user, app = _text(said.get("user_id")), _text(said.get("app_id"))
    headers = said.get("headers") or _NO_HEADERS
    envelope = Envelope(
        message_id=_text(said.get("message_id")),
        kind=_text(said.get("type")) or _text(message.routing_key),
        sender=user or (f"app:{app}" if app else "anonymous"),
        body=message.body,
        content_type=_text(said.get("content_type")) or JSON,
        content_encoding=_text(said.get("content_encoding")),
        sent_at=said.get("timestamp"),
        app_id=app,
        correlation_id=_text(said.get("correlation_id")),
        reply_to=_text(said.get("reply_to")),
        file_name=_text(headers.get("file_name"))[:_HEADER_CHARS_MAX],
    )
    return envelope if envelope.message_id else envelope.with_derived_id()


def _text(value: object) -> str:
    if not value:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = value if isinstance(value, str) else ""
    # Ten texts a message, nearly all clean: asking for the whole first is 10 times cheaper than going through each.
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())
