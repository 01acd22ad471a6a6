"""A connection for declaring and examining, whose failures are told in our own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
    except (AuthenticationError, ProbableAuthenticationError) as error:
        raise Misconfigured("the broker refuses the login of the AMQP URL: check user and password") from error
    except (ConnectionNotAllowed, InvalidFrameError) as error:  # aiormq takes the refusal for a broken frame
        raise Misconfigured(
            "the broker refuses the virtual host of the AMQP URL: it is missing, or the user has no permission there"
        ) from error
    except (AMQPConnectionError, OSError) as error:
        raise BrokerAway(f"the broker does not answer ({type(error).__name__})") from error
