"""A connection for declaring and examining, whose failures are told in our own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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

from messages.errors import BrokerAway, Misconfigured

_REFUSED_LOGIN = (AuthenticationError, ProbableAuthenticationError)
_REFUSED_VHOST = (ConnectionNotAllowed, InvalidFrameError)  # aiormq takes the second refusal for a broken frame


@asynccontextmanager
async def connected(amqp_url: str, timeout_seconds: float) -> AsyncIterator[AbstractConnection]:
    """One plain connection, closed at the end; it does not come back by itself, so a loss is seen.

    Raises:
        Misconfigured: the login or the virtual host is refused.
        BrokerAway: nobody answers, or the connection was lost.
    """
    try:
        async with await aio_pika.connect(amqp_url, timeout=timeout_seconds) as connection:
            yield connection
    except (*_REFUSED_LOGIN, *_REFUSED_VHOST, AMQPConnectionError, OSError) as error:
        raise translated(error, amqp_url) from error


def translated(error: BaseException | None, amqp_url: str) -> Misconfigured | BrokerAway:
    """Return what a failed connection means: a setting to mend, or a broker to wait for."""
    if isinstance(error, _REFUSED_LOGIN):
        return Misconfigured("the broker refuses the login of the AMQP URL: check user and password")
    if isinstance(error, _REFUSED_VHOST):
        return Misconfigured(
            "the broker refuses the virtual host of the AMQP URL: it is missing, or the user has no permission there"
        )
    return BrokerAway(f"the broker does not answer at {place_of(amqp_url)} ({type(error).__name__})")


def place_of(amqp_url: str) -> str:
    """Return host and port of an address, without who logs in there."""
    return urlsplit(amqp_url).netloc.rpartition("@")[2]
