"""A server that lives and dies with this process: the Python end of ``deploy/private-*``.

The script reads a pipe from here. The pipe's end, which comes however this process dies, ends the server.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from messages.errors import Misconfigured

Say = Callable[[str], None]

SCRIPTS = Path(__file__).resolve().parents[2] / "deploy"
ANSWERS = frozenset({"ready", "stopped", "killed", "failed"})
LEAVE_SECONDS = 30  # a server is gone within a second; a download is given up at its next line


class Node(Protocol):
    """A server this process started, and may therefore stop, kill and start again under load.

    Data, ports and name stay. All three return when it is so: ``start`` when the server answers.
    """

    @property
    def pid(self) -> int | None:
        """The server's process, or None where it is out of reach (a container's)."""

    def start(self) -> None:
        """The server answers again."""

    def stop(self) -> None:
        """The server has ended in good order."""

    def kill(self) -> None:
        """The server has ended at once (SIGKILL), as in a power failure."""


class PrivateNode:
    """A server run by one of the scripts; ``facts`` is what its last ready line said."""

    def __init__(self, script: subprocess.Popen[str], say: Say) -> None:
        self._script = script
        self._say = say
        self.how = ""
        self.facts: Mapping[str, str] = {}
        self._read_facts(self._answer())

    @property
    def pid(self) -> int | None:
        """The server's process, another one after each start."""
        return int(self.facts["pid"])

    def start(self) -> None:
        """The server answers again, on the same ports and with the same data."""
        self._read_facts(self._order("start"))

    def stop(self) -> None:
        """The server has ended in good order."""
        self._order("stop")

    def kill(self) -> None:
        """The server has ended at once (SIGKILL)."""
        self._order("kill")

    def _order(self, order: str) -> str:
        assert self._script.stdin is not None
        self._script.stdin.write(f"{order}\n")
        self._script.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        """The script's next answer; what it says on the way is for people."""
        assert self._script.stdout is not None
        for line in self._script.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "failed":
                raise Misconfigured(rest)
            if word in ANSWERS:
                return rest
            self.how = line.strip()
            self._say(self.how)
        raise Misconfigured(f"The script of a private server ended with {self._script.wait()} and did not say why.")

    def _read_facts(self, rest: str) -> None:
        self.facts = dict(fact.split("=", 1) for fact in rest.split())


@contextmanager
def private_node(script: str, say: Say, *, kept: Path | None = None) -> Iterator[PrivateNode]:
    """A server of one's own, started by ``deploy/<script>``; it is gone afterwards, and its data unless ``kept`` is their folder.

    Raises:
        Misconfigured: there is no such server to be had here; the sentence says what to do.
    """
    path = SCRIPTS / script
    if not path.is_file():
        raise Misconfigured(f"deploy/{script} is not in an installed package: run from a checkout, or name a server.")
    within = [] if kept is None else ["--in", str(kept.resolve())]
    with subprocess.Popen(  # noqa: S603 - a script of this checkout
        ["/bin/sh", str(path), *within],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHON": sys.executable},
        start_new_session=True,  # the terminal's Ctrl-C is for this process, which then ends the server
    ) as process:
        try:
            yield PrivateNode(process, say)
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """The script has ended, and its server with it."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
