"""Treatments follow the records behind the stream: read what changed, then count the changed patients, a little at a time.

Never in the hot path: handlers of records know nothing of it. Reading goes on a snapshot that no writer waits for, writing in
transactions of some hundred rows. It can stop anywhere: what was read is noted with what was made of it, and made again it is
the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from handlers.projection import count_stale, numbers_of, sorted_out
from handlers.work import Programme
from store import stream, treatments
from store.contract import Row, Store, Transaction
from store.stream import Horizon, Progress
from store.treatments import PatientRecord, RecordKey

T = TypeVar("T")
IsUnread = Callable[[Transaction], Awaitable[bool]]

_PAGE_RECORDS = 2000  # what one look at the stream reads, whole messages; bounds memory
_SLICE_RECORDS = 500  # rows written at once: a few milliseconds of the write lock
_PATIENTS = 200  # counted at once


class _Look(NamedTuple):
    """What a turn found before it took anything."""

    progress: Progress
    horizon: Horizon
    late: Sequence[int]
    is_any_stale: bool


@dataclass(slots=True)
class TreatmentsProjection:
    """Brings treatments, missed reviews and clinical alerts up to date with the records; one process at a time does."""

    store: Store
    programme: Programme
    clock: Callable[[], datetime]
    machine: str
    lease_seconds: float = 15.0
    """How long a process that died holds the others up. One that takes longer over a turn does no harm: see ``_put``."""
    _safe_seq: int = 0
    _awaited: Horizon = field(default_factory=Horizon)
    _leased_until: datetime | None = None

    async def turn(self) -> int:
        """Do a little of what is to do; return 0 when there is nothing, or another process does it.

        Raises:
            StoreAway: nothing of the failing part is committed; take the turn again.
        """
        look = await self.store.read(_look)
        self._settle(look.horizon)
        numbers = numbers_of(self.programme.policy)
        is_behind = look.progress.passed_seq < self._safe_seq
        if not (is_behind or look.late or look.is_any_stale or look.progress.numbers != numbers):
            return 0
        if not await self._holds_lease():
            return 0
        if look.progress.numbers != numbers:
            await self.store.write(lambda tx: treatments.recount(tx, numbers))
        for seq in look.late:
            await self._read_late(seq)
        if is_behind:
            await self._read_on(look.progress.passed_seq)
        today = self.programme.policy.local_date(self.clock())
        counted = await self.store.write(lambda tx: count_stale(tx, self.programme.policy, today=today, most=_PATIENTS))
        return int(is_behind) + len(look.late) + counted

    async def begin_again(self) -> None:
        """Let the whole stream be read once more; what stands stays until it is replaced."""
        numbers = numbers_of(self.programme.policy)

        async def unit(tx: Transaction) -> None:
            await stream.begin_again(tx)
            await treatments.recount(tx, numbers)

        await self.store.write(unit)

    async def is_done(self) -> bool:
        """Tell whether everything committed so far is read and counted."""
        look = await self.store.read(_look)
        is_read = look.progress.passed_seq >= look.horizon.seq and not look.late
        return is_read and not look.is_any_stale and look.progress.numbers == numbers_of(self.programme.policy)

    def _settle(self, seen: Horizon) -> None:
        """Everything up to a horizon is there for good once its writers are over; a new one is awaited then."""
        if not self._awaited.writers & seen.writers:
            self._safe_seq = max(self._safe_seq, self._awaited.seq)
            self._awaited = seen
        if not seen.writers:
            self._safe_seq = max(self._safe_seq, seen.seq)

    async def _holds_lease(self) -> bool:
        now = self.clock()
        if self._leased_until is None or now >= self._leased_until - timedelta(seconds=self.lease_seconds / 2):
            until = now + timedelta(seconds=self.lease_seconds)
            taken = await self.store.write(
                lambda tx: stream.lease(tx, leased_by=self.machine, now=now, leased_until=until)
            )
            self._leased_until = until if taken else None
        return self._leased_until is not None

    async def _read_on(self, after: int) -> None:
        page = await self.store.read(lambda tx: stream.page(tx, after=after, upto=self._safe_seq, most=_PAGE_RECORDS))
        await self._put(page.records, partial(stream.is_at, after=after))
        await self.store.write(lambda tx: stream.pass_to(tx, page.upto, after=after, late=page.late))

    async def _read_late(self, seq: int) -> None:
        page = await self.store.read(lambda tx: stream.page(tx, after=seq - 1, upto=seq, most=_PAGE_RECORDS))
        await self._put(page.records, partial(stream.is_late, seq=seq))
        await self.store.write(lambda tx: stream.forget_late(tx, seq))

    async def _put(self, changed: Sequence[Row], is_unread: IsUnread) -> None:
        """Let what was read stand, unless another process has read it by now: then newer things may stand there."""
        records, gone = sorted_out(changed)
        for part in _slices(records):
            await self.store.write(partial(_put_records, is_unread=is_unread, records=part, gone=()))
        for keys in _slices(sorted(gone)):
            await self.store.write(partial(_put_records, is_unread=is_unread, records=(), gone=keys))


def _slices(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + _SLICE_RECORDS] for start in range(0, len(rows), _SLICE_RECORDS))


async def _put_records(
    tx: Transaction, is_unread: IsUnread, records: Sequence[PatientRecord], gone: Sequence[RecordKey]
) -> None:
    if await is_unread(tx):
        await treatments.put_records(tx, records, gone)


async def _look(tx: Transaction) -> _Look:
    return _Look(
        await stream.progress(tx),
        await stream.horizon(tx),
        await stream.late(tx, most=50),
        await treatments.is_any_stale(tx),
    )
