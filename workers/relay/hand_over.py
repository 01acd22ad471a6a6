"""What a mail relay writes about its mails: handed over before the final dot, and how each ended, in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from messages.errors import PmpError, Transient
from store import outbox
from store.contract import Store, Transaction
from store.outbox import Settled

log = structlog.get_logger("pmp.relay")


class LeaseLost(PmpError):
    """The relay was too slow: the mail belongs to another now."""


@dataclass(slots=True)
class _Group:
    """What one transaction writes."""

    marks: dict[int, asyncio.Future[datetime | None]] = field(default_factory=dict)
    endings: list[Settled] = field(default_factory=list)
    released: list[int] = field(default_factory=list)


class HandOver:
    """Marks and endings are written as they come; while one commit runs the next gather, so that connections share an fsync.

    A connection tells how a mail ended before it asks for its next mark, and one group holds both. So no connection hands
    over a mail while its last one stands without its ending: a relay that is killed leaves one mail a connection in doubt.
    """

    def __init__(self, store: Store, leased_by: str, lease: timedelta, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._leased_by = leased_by
        self._lease = lease
        self._clock = clock
        self._group = _Group()
        self._held: set[int] = set()
        self._committing: asyncio.Task[PmpError | None] | None = None

    def hold(self, numbers: Iterable[int]) -> None:
        """These mails were leased, and no others; ``renewing`` keeps them until each is settled or released."""
        self._held = set(numbers)

    async def mark(self, no: int) -> None:
        """Return after the mark is durable and the lease long again.

        Raises:
            LeaseLost: another relay holds this mail now, or may by the time it leaves; it must not be sent from here.
            StoreAway: not marked, or not known to be; nothing was sent.
        """
        marked = asyncio.get_running_loop().create_future()
        self._group.marks[no] = marked
        self._commit_soon()
        leased_until = await marked
        if leased_until is None or leased_until <= self._clock():
            raise LeaseLost("The lease of this mail has ended.")

    def settle(self, ending: Settled) -> None:
        """The ending is written with the next group; ``written`` waits for it."""
        self._group.endings.append(ending)
        self._held.discard(ending.no)
        self._commit_soon()

    def release(self, numbers: Iterable[int]) -> None:
        """These mails were not sent; they are due again as they were, should this relay still hold them."""
        numbers = list(numbers)
        self._group.released += numbers
        self._held.difference_update(numbers)
        if numbers:
            self._commit_soon()

    async def written(self) -> None:
        """Everything told so far is durable.

        Raises:
            StoreAway: it is kept, and written before anything else as soon as the store is back.
        """
        while self._group.endings or self._group.released or self._is_committing():
            self._commit_soon()
            assert self._committing is not None
            error = await asyncio.shield(self._committing)
            if error is not None:
                raise error

    async def renewing(self) -> None:
        """Keep what is held, until cancelled: a slow mail server is no reason for another relay to send the same mails."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            until = self._clock() + self._lease
            numbers = tuple(self._held)
            with suppress(Transient):  # the next time; whether a lease held all the same, each mark finds out
                await self._store.write(
                    lambda tx, numbers=numbers, until=until: outbox.renew_all(tx, numbers, self._leased_by, until)  # type: ignore[misc]
                )

    def _is_committing(self) -> bool:
        return self._committing is not None and not self._committing.done()

    def _commit_soon(self) -> None:
        if not self._is_committing():
            self._committing = asyncio.create_task(self._commit())

    async def _commit(self) -> PmpError | None:
        while True:
            group, self._group = self._group, _Group()
            error = await self._write(group)
            if error is not None:  # marks are asked for again; what has happened has happened
                self._group.endings[:0] = group.endings
                self._group.released[:0] = group.released
            gathered = self._group
            if not gathered.marks and (error is not None or not (gathered.endings or gathered.released)):
                return error

    async def _write(self, group: _Group) -> PmpError | None:
        now = self._clock()
        until = now + self._lease

        async def unit(tx: Transaction) -> set[int]:
            await outbox.settle_all(tx, group.endings, self._leased_by, now)
            await outbox.release_all(tx, group.released, self._leased_by)
            return await outbox.hand_over_all(tx, tuple(group.marks), self._leased_by, until)

        try:
            held = await self._store.write(unit)
        except PmpError as error:
            for marked in group.marks.values():
                if not marked.done():
                    marked.set_exception(error)
            return error
        else:
            for no, marked in group.marks.items():
                if not marked.done():
                    marked.set_result(until if no in held else None)
        finally:
            for (
                marked
            ) in group.marks.values():  # a bug in the store: it is raised by ``written``, nobody waits for ever
                marked.cancel()
        for one in group.endings:
            log.info("mail_settled", outbox=one.no, state=one.state)
        return None
