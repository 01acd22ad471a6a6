"""What fails where it must not (sweep, relay, lane) is logged, kept for `pmp status` and tried again; the others go on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from store import troubles
from store.contract import Store
from workers.logs import places

log = structlog.get_logger("pmp.troubles")

_FIRST_SECONDS, _MOST_SECONDS = 1.0, 300.0


@dataclass(slots=True)
class Troubles:
    """The parts of this process that fail, and how long each of them rests."""

    store: Store
    clock: Callable[[], datetime]
    machine: str
    _failures: dict[str, int] = field(default_factory=dict)
    """How often in a row; unknown: a former process may have left its trouble behind."""
    _rests_until: dict[str, datetime] = field(default_factory=dict)

    def rests(self, part: str) -> bool:
        """Tell whether the part has failed, and its pause is not over."""
        return part in self._rests_until and self.clock() < self._rests_until[part]

    async def note(self, part: str, error: Exception) -> float:
        """The part has failed; return after how many seconds it is to be tried again: twice as many as the last time."""
        failures = self._failures[part] = self._failures.get(part, 0) + 1
        where = places(error)
        log.error("part_failed", role=part, error=type(error).__name__, where=where)
        now = self.clock()
        seconds = min(_FIRST_SECONDS * 2.0 ** min(failures - 1, 30), _MOST_SECONDS)
        self._rests_until[part] = now + timedelta(seconds=seconds)
        told = f"{type(error).__name__} at {where[-1]}"
        with suppress(Exception):  # what failed may be the store; then the log alone has it
            await self.store.write(lambda tx: troubles.note(tx, part, told, now))
        return seconds

    async def finish(self, part: str) -> None:
        """The part goes well; looked for once whether a former process left its trouble behind, written after each trouble."""
        failures = self._failures.get(part)
        if failures is None:
            failures = await self.store.read(lambda tx: troubles.failures(tx, part))
        if failures:
            await self.store.write(lambda tx: troubles.finish(tx, part, self.clock()))
        self.forget(part)

    def forget(self, part: str) -> None:
        """The part goes well, which is written elsewhere; its next pause is the first again."""
        self._failures[part] = 0
        self._rests_until.pop(part, None)
