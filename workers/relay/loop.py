"""How every relay loop lives: woken by a commit or by the clock, patient while a service is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from messages.errors import Misconfigured, Transient
from workers.troubles import Troubles

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
    name: str,
    turn: Callable[[], Awaitable[int]],
    *,
    bell: Bell,
    stopping: asyncio.Event,
    troubles: Troubles,
    poll_seconds: float = 1.0,
) -> None:
    """Take turns until stopped: at once while a turn finds work, else when the bell rings or the poll time is over.

    Raises:
        Misconfigured: no turn can go well any more. Whatever else a turn raises is waited for.
    """
    rung = bell.listen()
    pause = 0.5
    part = f"relay {name} on {troubles.machine}"
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while not stopping.is_set():
            rung.clear()
            try:
                found = await turn()
                await troubles.finish(part)
            except Transient as error:
                log.warning("relay_waits", relay=name, error=type(error).__name__, reason=str(error))
                await _passed(pause, stopping)
                pause = min(pause * 2, 15.0)
                continue
            except Misconfigured:
                raise
            except Exception as error:  # noqa: BLE001 - a bug in one relay must not end the others
                await _passed(await troubles.note(part, error), stopping)
                continue
            pause = 0.5
            if not found:
                ring = asyncio.ensure_future(rung.wait())
                await asyncio.wait([ring, stop], timeout=poll_seconds, return_when=asyncio.FIRST_COMPLETED)
                ring.cancel()
    finally:
        stop.cancel()


async def _passed(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
