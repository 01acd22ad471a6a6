"""A PostgreSQL database for one run, gone afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from messages.errors import Misconfigured


@asynccontextmanager
async def own_database(server_url: str, name: str) -> AsyncIterator[str]:
    """The address of a new, empty database of this name, beside the one that is named; dropped when the block ends.

    Raises:
        Misconfigured: the server lets nobody in there, or lets nobody create a database.
    """
    await _on_server(server_url, f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        await _on_server(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _on_server(server_url: str, statement: str) -> None:
    try:
        connection: asyncpg.Connection[Any] = await asyncpg.connect(server_url)
    except (
        OSError,
        ValueError,
        asyncpg.PostgresError,
    ) as error:  # asyncpg's word for an address that is none: ValueError
        raise Misconfigured(f"This PostgreSQL cannot be used: {type(error).__name__}.") from None
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        raise Misconfigured(f"This PostgreSQL makes no database of our own: {type(error).__name__}.") from None
    finally:
        await connection.close()
