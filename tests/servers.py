"""What tests do with a server they share: a vhost or a database of their own; what still runs."""

from __future__ import annotations

import asyncio
import base64
import os
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from messages.errors import Misconfigured
from store.own_database import own_database
from workers.services.rabbitmq import Broker


@contextmanager
def fresh_vhost(broker: Broker) -> Iterator[str]:
    """The AMQP address of a vhost that nobody else uses; gone afterwards, with all that is in it."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    parts = urlsplit(broker.amqp_url)
    ask_management(broker, "PUT", f"/api/vhosts/{name}")
    try:
        rights = b'{"configure": ".*", "write": ".*", "read": ".*"}'
        ask_management(broker, "PUT", f"/api/permissions/{name}/{parts.username}", rights)
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        ask_management(broker, "DELETE", f"/api/vhosts/{name}")


def ask_management(broker: Broker, method: str, path: str, body: bytes | None = None) -> bytes:
    """The management API's answer; any refusal raises."""
    if broker.management_url is None:
        raise Misconfigured("Tests need RabbitMQ's management API: set PMP_MANAGEMENT_URL besides PMP_AMQP_URL.")
    parts = urlsplit(broker.management_url)
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.hostname}:{parts.port}{path}",
        data=body,
        method=method,
        headers={
            "Authorization": "Basic " + base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode(),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The address of a new, empty database on the server; dropped at the end, whoever is still connected."""
    with asyncio.Runner() as runner:
        database = AsyncExitStack()
        url = runner.run(database.enter_async_context(own_database(server_url, f"test_{uuid.uuid4().hex[:12]}")))
        try:
            yield url
        finally:
            runner.run(database.aclose())


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Return as soon as the condition holds, where no loop runs; after the deadline the test fails and says what was missing."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def processes_of(folder: Path) -> list[str]:
    """The commands running with this folder for a home, working directory or argument."""
    return [command for process in Path("/proc").iterdir() if (command := _command_in(process, str(folder)))]


def _command_in(process: Path, folder: str) -> str:
    if not process.name.isdigit() or int(process.name) == os.getpid():
        return ""
    try:
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        environment = (process / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""  # it has ended meanwhile, or is not ours to look at
    return command if folder in command or folder in environment else ""
