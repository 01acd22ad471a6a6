"""A PostgreSQL to work with: the one in the environment, else in Docker, else a private cluster."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from messages.errors import Misconfigured
from workers.services.container import container
from workers.services.private import Node, Say, private_node

IMAGE = "postgres:15"
PORT = 5432
TLS_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL frontend/backend protocol, SSLRequest


@dataclass(frozen=True)
class Database:
    """A running PostgreSQL.

    Args:
        url: of a database in which others may be created.
        how: which way it was found, for people.
        node: the server itself where this process started it, else None.
    """

    url: str
    how: str
    node: Node | None = field(default=None, repr=False)

    def started_here(self) -> Node:
        """The server, which this process may stop, kill and start.

        Raises:
            Misconfigured: somebody else started it.
        """
        if self.node is None:
            raise Misconfigured(
                "This PostgreSQL was not started here, so not ours to stop: unset PMP_TEST_POSTGRES_URL."
            )
        return self.node


@contextmanager
def postgres_server(say: Say) -> Iterator[Database]:
    """A database server for as long as the block runs; ``say`` is told which was taken.

    Raises:
        Misconfigured: there is none to be had; the sentence says what to do.
    """
    if url := os.environ.get("PMP_TEST_POSTGRES_URL"):
        how = "PostgreSQL: the one in PMP_TEST_POSTGRES_URL"
        say(how)
        yield Database(url, how)
        return
    trust = {"POSTGRES_USER": "pmp", "POSTGRES_HOST_AUTH_METHOD": "trust"}
    with container(IMAGE, (PORT,), trust, answers_postgres, say) as box:
        if box is not None:
            yield Database(f"postgresql://pmp@{box.host}:{box.ports[PORT]}/postgres", f"PostgreSQL: {IMAGE}", box)
            return
    with private_node("private-postgres", say) as node:
        yield Database(node.facts["url"], node.how, node)


def answers_postgres(host: str, port: int) -> bool:
    """Whether a PostgreSQL is there: it answers a request for TLS with one letter."""
    try:
        with socket.create_connection((host, port), timeout=2) as wire:
            wire.sendall(TLS_REQUEST)
            return wire.recv(1) in {b"S", b"N"}
    except OSError:
        return False
