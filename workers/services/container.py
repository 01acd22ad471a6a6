"""A server in Docker, by way of testcontainers (a development dependency).

Testcontainers' own guard removes the container even if this process dies.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Protocol, cast
from urllib.parse import urlsplit

from messages.errors import Misconfigured
from workers.services.private import Say

ENGINE = "unix:///var/run/docker.sock"
HOST = "127.0.0.1"
ENGINE_SECONDS = 2  # an engine that does not answer in this time is not there
READY_SECONDS = 90

Answers = Callable[[str, int], bool]


class Container(Protocol):
    """What Docker's own library, which carries no types, can do with a container."""

    name: str

    def start(self) -> None:
        """It is being started."""

    def stop(self, *, timeout: int) -> None:
        """It has ended: asked to, or killed after ``timeout`` seconds."""

    def kill(self) -> None:
        """It has been sent SIGKILL."""

    def wait(self) -> object:
        """It has ended."""


class ContainerNode:
    """A container whose ports are published on loopback under numbers that a restart keeps."""

    def __init__(self, container: Container, ports: Mapping[int, int], answers: Answers) -> None:
        self._container = container
        self._answers = answers
        self.host = HOST
        self.ports = ports
        self._wait_until_it_answers()

    @property
    def pid(self) -> int | None:
        """None: the process belongs to the engine."""
        return None

    def start(self) -> None:
        """The server answers again, on the same ports and with the same data."""
        self._container.start()
        self._wait_until_it_answers()

    def stop(self) -> None:
        """The server has ended in good order."""
        self._container.stop(timeout=30)

    def kill(self) -> None:
        """The server has ended at once (SIGKILL)."""
        self._container.kill()
        self._container.wait()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        port = next(iter(self.ports.values()))
        while not self._answers(self.host, port):
            if time.monotonic() > deadline:
                raise Misconfigured(f"The container {self._container.name} does not answer on port {port}.")
            time.sleep(0.2)


@contextmanager
def container(
    image: str, ports: tuple[int, ...], environment: dict[str, str], answers: Answers, say: Say
) -> Iterator[ContainerNode | None]:
    """A running container, or None (at once) where Docker or testcontainers is not to be had.

    Args:
        image: with its version.
        ports: the container's; the first is the one that shows when the server answers.
        environment: the container's.
        answers: whether the server at that host and port takes work.
        say: told which way was taken, or why this one was not.
    """
    if not engine_answers():
        yield None
        return
    with ExitStack() as stack:
        published = {port: _free_port() for port in ports}
        box = _start(stack, image, published, environment, say)
        yield ContainerNode(box, published, answers) if box else None


def _start(
    stack: ExitStack, image: str, published: Mapping[int, int], environment: dict[str, str], say: Say
) -> Container | None:
    """The container, or None where the engine cannot run it (no image and no network, say)."""
    from docker.errors import DockerException  # type: ignore[import-untyped]  # noqa: PLC0415 - not in a wheel
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    try:
        box = DockerContainer(image).with_envs(**environment)
        # A pair of address and port, which `with_bind_ports` does not take: published on loopback only.
        pairs = {f"{inside}/tcp": (HOST, outside) for inside, outside in published.items()}
        stack.enter_context(box.with_kwargs(ports=pairs))
    except (DockerException, OSError) as error:
        say(f"Docker is there but could not run {image} ({type(error).__name__}); going on without.")
        return None
    say(f"Docker: {image}")
    return cast(Container, box.get_wrapped_container())


def engine_answers() -> bool:
    """Whether testcontainers is installed and a Docker engine answers at once (its API's ``/_ping``).

    Asked on the bare socket: importing Docker's library to learn that there is no engine takes half a second.
    """
    if importlib.util.find_spec("testcontainers") is None:
        return False
    engine = urlsplit(os.environ.get("DOCKER_HOST") or ENGINE)
    unix = engine.scheme == "unix"
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as wire:
        wire.settimeout(ENGINE_SECONDS)
        try:
            wire.connect(engine.path if unix else (engine.hostname or "localhost", engine.port or 2375))
            wire.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in wire.recv(64)
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
