"""A handler that never ends ends the process."""

from __future__ import annotations

import subprocess
import sys

from workers.watchdog import EXIT_CODE, Watchdog

STUCK = """
from workers.watchdog import Watchdog
with Watchdog(0.05, look_seconds=0.01) as watchdog, watchdog.limit():
    while True:
        pass
"""


def test_an_endless_loop_ends_the_process() -> None:
    """The loop itself is stuck, so a thread ends the process; a supervisor sees the exit code."""
    ended = subprocess.run([sys.executable, "-c", STUCK], check=False, timeout=30, capture_output=True)
    assert ended.returncode == EXIT_CODE


def test_what_ends_in_time_is_left_alone() -> None:
    """Many short turns under one watchdog change nothing, and its thread ends with it."""
    with Watchdog(30, look_seconds=0.01) as watchdog:
        for _ in range(1000):
            with watchdog.limit():
                pass
    assert not watchdog._thread.is_alive()
