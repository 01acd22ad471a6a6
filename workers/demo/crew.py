"""The demo's worker processes: started, killed, started again, and gone at the end whatever happens."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from messages.errors import Misconfigured

READY_SECONDS = 30.0
STOP_SECONDS = 15.0


class Crew:
    """Worker processes by name. Use ``crew``."""

    def __init__(self, settings: Mapping[str, str], folder: Path) -> None:
        self._environment = {**os.environ, **settings}
        self._folder = folder
        self._processes: dict[str, Process] = {}

    async def start(self, name: str) -> int:
        """The process of that name takes messages; return its process id.

        Raises:
            Misconfigured: it ended, or was not ready in time; its log is named.
        """
        log = self._log_of(name)
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "workers.demo.site",
                stdin=PIPE, stdout=PIPE, stderr=errors, env=self._environment,
                start_new_session=True,  # the terminal's Ctrl-C is for the demo, which then ends its processes in order
            )  # fmt: skip
        self._processes[name] = process
        assert process.stdout is not None
        line = b""
        with suppress(TimeoutError):
            line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        if line != b"ready\n":
            raise Misconfigured(f"The worker process {name} did not get ready; see {log}.")
        return process.pid

    async def kill(self, name: str) -> int:
        """The process is gone at once (SIGKILL), with whatever it was doing; return its former id."""
        process = self._processes.pop(name)
        process.kill()
        await process.wait()
        return process.pid

    def check(self) -> None:
        """Find every process alive.

        Raises:
            Misconfigured: one has ended by itself; its log is named.
        """
        for name, process in self._processes.items():
            if process.returncode is not None:
                raise Misconfigured(f"The worker process {name} ended by itself; see {self._log_of(name)}.")

    async def stop(self) -> bool:
        """Every process has finished what it had taken and ended; tell whether all did so in good order."""
        processes = list(self._processes.values())
        self._processes.clear()
        for process in processes:
            with suppress(ProcessLookupError):
                process.terminate()
        return all([await _ended(process) for process in processes])

    def _log_of(self, name: str) -> Path:
        return self._folder / f"worker-{name}.log"


@asynccontextmanager
async def crew(settings: Mapping[str, str], folder: Path) -> AsyncIterator[Crew]:
    """A crew without processes yet; none is left when the block ends, also when it is cancelled.

    Args:
        settings: ``PMP_…`` variables for the processes, beside the environment's own.
        folder: where their logs go.
    """
    hands = Crew(settings, folder)
    try:
        yield hands
    finally:
        await asyncio.shield(asyncio.ensure_future(hands.stop()))


async def _ended(process: Process) -> bool:
    try:
        return await asyncio.wait_for(process.wait(), STOP_SECONDS) == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
