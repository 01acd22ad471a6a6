"""Which PostgreSQL is away is told, and never its password."""

from __future__ import annotations

import pytest

from messages.errors import StoreAway
from store.postgres import _server, open_postgres


async def test_who_cannot_be_reached_is_named() -> None:
    """By host and port, for who set the wrong one."""
    with pytest.raises(StoreAway, match=r"^PostgreSQL at 127\.0\.0\.1:1 cannot be reached") as told:
        await open_postgres("postgresql://pmp:hidden@127.0.0.1:1/pmp")
    assert "hidden" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://pmp:hid@den@db.example:5432/pmp", "PostgreSQL at db.example:5432"),
        ("postgresql://db1,db2:5433/pmp?password=hidden", "PostgreSQL at db1,db2:5433"),
        ("postgresql:///pmp?host=/run/postgresql&password=hidden", "PostgreSQL"),
        ("postgresql://pmp:1/hidden@db.example/pmp", "PostgreSQL"),
        ("postgresql://pmp:1#hidden@db.example/pmp", "PostgreSQL"),
        ("postgresql://pmp@x:1/hidden@db.example/pmp", "PostgreSQL"),
    ],
)
def test_no_part_of_a_login_is_told(url: str, told: str) -> None:
    """Whatever signs the password has."""
    assert _server(url) == told
