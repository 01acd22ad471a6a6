"""A process that runs: on uvloop where it is installed, and with a collector that leaves alone what start-up made."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine

# A batch makes ten thousand objects, nearly all without cycles: with Python's 700 the search for cycles took a sixth of the time.
_OBJECTS_BETWEEN_SEARCHES = 10_000


def run(main: Coroutine[None, None, None]) -> None:
    """Run to the end on the loop that ``new_loop`` chose."""
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        runner.run(main)


def new_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes uvloop's loop (the extra ``fast``), or None for asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - only where a loop is wanted, and only where it is installed
    except ImportError:
        return None
    return uvloop.new_event_loop


def spare_collector() -> None:
    """The garbage collector searches seldom, and never through what start-up made; call it when start-up is over."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES, 10, 10)
