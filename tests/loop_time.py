"""The running loop's clock, moved on: a limit that must pass is passed at once, and none passes because the machine is busy."""

from __future__ import annotations

import asyncio
import time
from typing import Any


def time_passes(seconds: float) -> None:
    """So much later, as the running loop knows it: what was to happen by then happens now."""
    loop, left_at = asyncio.get_running_loop(), time.monotonic()
    arrived_at = loop.time() + seconds
    loop.time = lambda: arrived_at + time.monotonic() - left_at  # type: ignore[method-assign]


async def patience_ends(waiting: asyncio.Task[Any], *, limit_seconds: float) -> None:
    """Whoever waits for an answer that will not come has given up, by whichever of its limits."""
    while not waiting.done():
        time_passes(limit_seconds)
        await asyncio.sleep(0)
