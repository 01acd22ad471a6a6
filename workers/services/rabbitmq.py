"""A RabbitMQ to work with: the one in the environment, else in Docker, else a private node."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from messages.errors import Misconfigured
from workers.services.container import container
from workers.services.private import Node, Say, private_node

IMAGE = "rabbitmq:3.13-management"
AMQP_PORT, MANAGEMENT_PORT = 5672, 15672
PROTOCOL_HEADER, METHOD_FRAME = b"AMQP\x00\x00\x09\x01", b"\x01"  # AMQP 0-9-1, 4.2.2 and 4.2.3


@dataclass(frozen=True)
class Broker:
    """A running RabbitMQ.

    Args:
        amqp_url: with credentials and the default vhost, e.g. ``amqp://guest:guest@127.0.0.1:5672/``.
        management_url: with credentials, without a path; None when nobody named one.
        how: which way it was found, for people.
        keeps: whether what is in its queues is there again for the next one that is asked for.
    """

    amqp_url: str
    management_url: str | None
    how: str
    node: Node | None = field(default=None, repr=False)
    keeps: bool = True

    @property
    def pid(self) -> int | None:
        """The server's process, if this process started it."""
        return self.node.pid if self.node else None

    def start(self) -> None:
        """The broker answers again, on the same port and with the same data; blocks."""
        self._own_node().start()

    def stop(self) -> None:
        """The broker has ended in good order."""
        self._own_node().stop()

    def kill(self) -> None:
        """The broker has ended at once (SIGKILL), as in a power failure."""
        self._own_node().kill()

    def _own_node(self) -> Node:
        if self.node is None:
            raise Misconfigured("This RabbitMQ was not started here, so not ours to stop: unset PMP_AMQP_URL.")
        return self.node


@contextmanager
def private_rabbitmq(say: Say, *, kept: Path | None = None) -> Iterator[Broker]:
    """A broker for as long as the block runs; ``say`` is told which was taken.

    Args:
        say: told.
        kept: where a private node finds what an earlier one left, and leaves its own; None: nowhere. A container keeps nothing.

    Raises:
        Misconfigured: there is none to be had; the sentence says what to do.
    """
    if url := os.environ.get("PMP_AMQP_URL"):
        how = "RabbitMQ: the one in PMP_AMQP_URL"
        say(how)
        yield Broker(url, os.environ.get("PMP_MANAGEMENT_URL"), how)
        return
    if "PMP_PRIVATE_RABBITMQ" not in os.environ:  # it names the way, which deploy/private-rabbitmq then takes
        with container(IMAGE, (AMQP_PORT, MANAGEMENT_PORT), {}, answers_amqp, say) as box:
            if box is not None:
                places = [f"guest:guest@{box.host}:{box.ports[port]}" for port in (AMQP_PORT, MANAGEMENT_PORT)]
                yield Broker(f"amqp://{places[0]}/", f"http://{places[1]}", f"RabbitMQ: {IMAGE}", keeps=False, node=box)
                return
    with private_node("private-rabbitmq", say, kept=kept) as node:
        yield Broker(node.facts["amqp"], node.facts["management"], node.how, keeps=kept is not None, node=node)


def answers_amqp(host: str, port: int) -> bool:
    """Whether a broker is there: RabbitMQ takes connections last, and begins with a method frame."""
    try:
        with socket.create_connection((host, port), timeout=2) as wire:
            wire.sendall(PROTOCOL_HEADER)
            return wire.recv(1) == METHOD_FRAME
    except OSError:
        return False
