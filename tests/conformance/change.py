"""What nobody may do to a store is done to it here, past every contract."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import asyncpg


async def change(store_url: str, statement: str) -> None:
    """Run a statement of our own on the store's database and commit it."""
    if store_url.startswith("postgres"):
        connection = await asyncpg.connect(store_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
        return
    with closing(sqlite3.connect(store_url, isolation_level=None)) as file:
        file.execute(statement)
