"""How every relay loop lives: woken by a commit or by the clock, patient while a service is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from messages.errors import Transient

log = structlog.get_logger("pmp.relay")


class Bell:
    """Rung when something was staged in this process; loops that miss it look again after their poll time."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Wake every loop."""
        for event in self._waiting:
            event.set()

    def listen(self) -> asyncio.Event:
        """Return an event of one's own that each ring sets."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event


async def until_stopped(
    name: str, turn: Callable[[], Awaitable[int]], *, bell: Bell, stopping: asyncio.Event, poll_seconds: float = 1.0
) -> None:
    """Take turns until stopped: at once while a turn finds work, else when the bell rings or the poll time is over."""
    rung = bell.listen()
    pause = 0.5
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while not stopping.is_set():
            rung.clear()
            try:
                found = await turn()
            except Transient as error:
                log.warning("relay_waits", relay=name, error=type(error).__name__, reason=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), pause)
                pause = min(pause * 2, 15.0)
                continue
            pause = 0.5
            if not found:
                ring = asyncio.ensure_future(rung.wait())
                await asyncio.wait([ring, stop], timeout=poll_seconds, return_when=asyncio.FIRST_COMPLETED)
                ring.cancel()
    finally:
        stop.cancel()
