"""A handler that never ends must not hold its queue: after the limit the process ends, hard.

Ending is the one cure that works for every cause (an endless loop, a native call, a dead disk), and what follows is the ordinary
way of a crash: RabbitMQ delivers again, the message is handled alone, and after its counted attempts it is a dead letter.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger("pmp.watchdog")

EXIT_CODE = 70  # EX_SOFTWARE: a supervisor starts the process again


class Watchdog:
    """Ends the process when something guarded by ``limit`` takes too long. A thread, because the loop itself may be stuck."""

    def __init__(self, limit_seconds: float, *, look_seconds: float = 1.0) -> None:
        self._limit = limit_seconds
        self._look = look_seconds
        self._deadlines: dict[int, float] = {}
        self._next = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    @contextmanager
    def limit(self) -> Iterator[None]:
        """Whatever runs inside must end within the limit."""
        self._next += 1
        token = self._next
        self._deadlines[token] = time.monotonic() + self._limit
        try:
            yield
        finally:
            del self._deadlines[token]

    def _watch(self) -> None:
        while not self._ended.wait(self._look):
            now = time.monotonic()
            if any(deadline < now for deadline in list(self._deadlines.values())):
                log.critical("handler_is_stuck")
                os._exit(EXIT_CODE)
