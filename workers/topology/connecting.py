"""A connection for declaring and examining, whose failures are told in our own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aio_pika.abc import AbstractConnection

from messages.errors import BrokerAway
from workers.broker import open_connection, told_as_ours


@asynccontextmanager
async def connected(amqp_url: str, timeout_seconds: float) -> AsyncIterator[AbstractConnection]:
    """One plain connection, closed at the end; it does not come back by itself, so a loss is seen.

    Raises:
        Misconfigured: the login or the virtual host is refused.
        BrokerAway: nobody answers, or the connection was lost.
    """
    with told_as_ours(amqp_url):
        async with await open_connection(amqp_url, name="pmp topology", timeout_seconds=timeout_seconds) as connection:
            yield connection


async def refuse_wrong_login(amqp_url: str) -> None:
    """Refuse to start on a broker that does not let us in; one that is away is a matter of waiting, not of settings.

    Raises:
        Misconfigured: the login or the virtual host is refused.
    """
    with suppress(BrokerAway):
        async with connected(amqp_url, 10.0):
            pass
