"""Deferred messages have their turn when it is due, from the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

from messages.errors import Transient
from store import deferred
from store.deferred import Deferred
from workers.process import Processor

_MOST_AT_ONCE = 50


@dataclass(slots=True)
class WaitingRelay:
    """Gives each due message its turn, leased so that one process has it and a dead process does not keep it.

    One lease at a time: a message that ends the process must not let its neighbours lose turns with it.
    """

    processor: Processor
    lease_seconds: float
    limit: Callable[[], AbstractContextManager[None]] = nullcontext
    """Whatever runs inside must end in time, as in a lane: see ``workers.watchdog``."""
    _held: Deferred | None = None
    """Leased and without an outcome, because the store went away meanwhile: that is no lost turn."""

    async def turn(self) -> int:
        """Process what is due; return how many messages had their turn.

        Raises:
            StoreAway: the message in hand has its turn when the store is back. After any other error, when not even the
                failure could be written, it has lost a turn.
        """
        turns = 0
        while turns < _MOST_AT_ONCE:
            held, self._held = self._held or await self._leased(), None
            if held is None:
                break
            try:
                with self.limit():
                    await self.processor.process_deferred(held)
            except Transient:
                self._held = held
                raise
            turns += 1
        return turns

    async def _leased(self) -> Deferred | None:
        now = self.processor.clock()
        until = now + timedelta(seconds=self.lease_seconds)
        due = await self.processor.store.write(lambda tx: deferred.lease(tx, now=now, leased_until=until, most=1))
        return due[0] if due else None
