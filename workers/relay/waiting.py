"""Deferred messages have their turn when it is due, from the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from store import deferred
from workers.process import Processor

_MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class WaitingRelay:
    """Gives each due message its turn, leased so that one process has it and a dead process does not keep it."""

    processor: Processor
    lease_seconds: float

    async def turn(self) -> int:
        """Process what is due; return how many messages had their turn."""
        now = self.processor.clock()
        due = await self.processor.store.write(
            lambda tx: deferred.lease(
                tx, now=now, leased_until=now + timedelta(seconds=self.lease_seconds), most=_MOST_AT_ONCE
            )
        )
        for waiting in due:
            await self.processor.process_deferred(waiting)
        return len(due)
