"""A server of which nothing can be had is told in one sentence."""

from __future__ import annotations

import pytest

from messages.errors import Misconfigured
from store.own_database import own_database


@pytest.mark.parametrize(
    "address", ["postgresql://127.0.0.1:1/x", "postgresql://secret@localhost:port/x", "postgresql://h/x?sslmode=secret"]
)
async def test_an_address_where_nobody_answers_or_that_is_none(address: str) -> None:
    """Without the address, which may hold a password."""
    with pytest.raises(Misconfigured, match="This PostgreSQL cannot be used") as told:
        async with own_database(address, "month"):
            raise AssertionError("There is no database.")
    assert "secret" not in str(told.value)
