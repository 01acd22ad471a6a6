"""One worker process of the demo: settings from ``PMP_…``, all that ``pmp run`` runs but the scheduler.

The demo runs the sweep itself, for dates of its own. The process ends with its standard input, which ends however the
demo ends: none is left behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from workers import bootstrap, logs
from workers.settings import load_settings


async def _run() -> None:
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _end_with_input)
    await bootstrap.run(load_settings(), ("worker", "relay"), on_ready=_tell_ready)


def _end_with_input() -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        os.kill(os.getpid(), signal.SIGTERM)


def _tell_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logs.configure()
    asyncio.run(_run())
