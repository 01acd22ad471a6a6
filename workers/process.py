"""The main path: decode → claim in the inbox → handle → commit. Whoever calls acknowledges after that, and only then.

One transaction takes everything that has arrived; when it fails it is rolled back and run again one message at a time, so that
a bad message never holds up its neighbours. A redelivered message is handled alone from the start, its attempt committed
before any of our code runs, so that one that kills the process takes no other with it and is known by its count.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import cast

import structlog

from handlers.outcomes import Refuse
from handlers.registry import Setting, handlers
from handlers.work import Programme
from messages.codec import Limits, decode, weight
from messages.envelope import Envelope
from messages.errors import Permanent
from store import deferred, inbox
from store.contract import Store, Transaction
from store.dead_letters import Origin, Reason
from store.deferred import Deferred
from workers.logs import places
from workers.recoverability import NOT_ITS_FAULT, RETRIED, Dead, Wait, after_failure, reason_of
from workers.settlement import Entry, Settlement, Tally

log = structlog.get_logger("pmp.process")

_UNPACKED_AT_ONCE_BYTES = 128 * 1024  # a fraction of a millisecond of the loop; more is unpacked in a thread


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker handed it over."""

    envelope: Envelope
    redelivered: bool = False


@dataclass(slots=True)
class Processor:
    """Processes deliveries against one store. ``woken`` is called after each commit that staged something to leave."""

    store: Store
    programme: Programme
    clock: Callable[[], datetime]
    threads: Executor
    limits: Limits
    woken: Callable[[], None] = lambda: None
    kill_attempts_max: int = 3
    """Attempts of a message that was redelivered each time (it ends the process) before it is a dead letter. Below the broker's
    delivery limit of 10, so that the sender is told by us."""
    _begun: dict[tuple[str, str], int] = field(default_factory=dict)
    """Attempts without an outcome so far, and which they are: while the store is away they go on here, not counted again."""

    async def process(self, deliveries: Sequence[Delivery]) -> None:
        """Bring every delivery to a committed outcome, in their order.

        Raises:
            StoreAway: nothing of the failing part is committed; call again with the same deliveries when the store is back.
            StoreUnusable: it will not come back; the messages stay with the broker.
        """
        for alone, group in groupby(deliveries, key=lambda delivery: delivery.redelivered):
            if alone:
                for delivery in group:
                    await self._quarantined(delivery.envelope)
            else:
                await self._together([delivery.envelope for delivery in group])

    async def _together(self, envelopes: Sequence[Envelope]) -> None:
        entries = await self._entries(envelopes)
        try:
            await self._commit(entries)
        except NOT_ITS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of one must not hold up the batch: each alone tells which it was
            if len(entries) == 1:
                await self._failed(entries[0], error, attempts=1)
                return
            log.warning("batch_split", messages=len(entries), error=type(error).__name__)
            for entry in entries:
                # Prepared anew: what it was prepared against may be what its neighbour has just changed.
                await self._alone(await self._entry(entry.envelope, entry.handed_in_at), attempts=1)

    async def _alone(self, entry: Entry, attempts: int) -> None:
        try:
            await self._commit([entry])
        except NOT_ITS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - a bug: retried with pauses, then dead-lettered
            await self._failed(entry, error, attempts=attempts)

    async def _quarantined(self, envelope: Envelope) -> None:
        known = await self.store.read(lambda tx: inbox.seen(tx, envelope.sender, envelope.message_id))
        attempts = 1 if known is not None else await self._counted(envelope)
        if attempts > self.kill_attempts_max:
            reason = Reason("ends_the_process", f"The process ended during each of {attempts - 1} attempts.")
            await self.bury(envelope, reason, origin="process", attempts=attempts - 1)
        else:
            await self._alone((await self._entry(envelope))._replace(is_counted=True), attempts=attempts)
        self._begun.pop(envelope.key, None)

    async def _counted(self, envelope: Envelope) -> int:
        """The attempt that begins now is counted once, however often the store is away before or after it is written."""
        if envelope.key not in self._begun:
            before = await self.store.read(lambda tx: inbox.attempts(tx, envelope))
            self._begun[envelope.key] = before + 1
        count = self._begun[envelope.key]
        await self.store.write(lambda tx: inbox.set_attempts(tx, envelope, count))
        return count

    async def bury(self, envelope: Envelope, reason: Reason, *, origin: Origin, attempts: int) -> None:
        """Take a message straight to the dead letters; once, however often it is brought."""
        await self._commit(
            [Entry(envelope, None, None, reason, self.clock(), is_counted=True)], origin=origin, attempts=attempts
        )

    async def _entry(self, envelope: Envelope, handed_in_at: datetime | None = None) -> Entry:
        """Decode and prepare one message; what is wrong with it becomes part of the entry."""
        return (await self._entries([envelope], handed_in_at))[0]

    async def _entries(self, envelopes: Sequence[Envelope], handed_in_at: datetime | None = None) -> list[Entry]:
        """Decode messages, and prepare those that need it, as many at once as there are threads; handed in now, unless told."""
        handed_in_at = handed_in_at or self.clock()
        entries = [
            None if _unpacks_to_much(envelope) else self._decoded(envelope, handed_in_at) for envelope in envelopes
        ]
        slow = [place for place, entry in enumerate(entries) if entry is None or entry.needs_preparing]
        preparing = (self._prepared(envelopes[place], entries[place], handed_in_at) for place in slow)
        for place, entry in zip(slow, await asyncio.gather(*preparing, return_exceptions=True), strict=True):
            if isinstance(entry, BaseException):
                raise entry
            entries[place] = entry
        return cast("list[Entry]", entries)

    def _decoded(self, envelope: Envelope, handed_in_at: datetime) -> Entry:
        try:
            self.programme.publishers.check(envelope)
            return Entry(envelope, decode(envelope, self.limits), None, None, handed_in_at)
        except Permanent as error:
            return Entry(envelope, None, None, reason_of(error), handed_in_at)

    async def _prepared(self, envelope: Envelope, entry: Entry | None, handed_in_at: datetime) -> Entry:
        """Decode what is not yet, and prepare it where its kind says so, in a thread."""
        if entry is None:
            entry = await asyncio.get_running_loop().run_in_executor(
                self.threads, self._decoded, envelope, handed_in_at
            )
        message = entry.message
        if message is None or not entry.needs_preparing:
            return entry
        handler = handlers()[message.kind]
        prepare, look = handler.prepare, handler.look
        assert prepare is not None
        try:
            seen = None if look is None else await self.store.read(lambda tx: look(tx, message))
            setting = Setting(envelope, self.programme, self.clock(), entry.handed_in_at, seen)
            prepared = await asyncio.get_running_loop().run_in_executor(self.threads, prepare, message, setting)
        except NOT_ITS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - raised again in its turn, where failures are decided on
            return entry._replace(failure=error)
        return entry._replace(refused=prepared) if isinstance(prepared, Refuse) else entry._replace(prepared=prepared)

    async def _commit(self, entries: Sequence[Entry], *, origin: Origin = "process", attempts: int = 1) -> None:
        now = self.clock()
        self._told(await self.store.write(lambda tx: self._settle(tx, entries, now, origin=origin, attempts=attempts)))

    async def _settle(
        self, tx: Transaction, entries: Sequence[Entry], now: datetime, *, origin: Origin, attempts: int
    ) -> Tally:
        taken = await inbox.claim_all(tx, [entry.envelope for entry in entries], now)
        fresh, again = [], []
        for entry in entries:
            seq = taken.pop(entry.envelope.key, None)
            (again.append(entry) if seq is None else fresh.append((seq, entry)))
        settlement = Settlement(
            tx, self.programme, now, origin=origin, attempts=attempts, anyone_waits=taken.anyone_waits
        )
        if taken.anyone_waits:
            await settlement.look_at_lines(fresh)
        await settlement.take(fresh)
        for entry in again:
            if entry.is_counted:  # another worker committed it after this attempt was counted
                await inbox.forget_attempts(tx, entry.envelope)
            await settlement.take_seen(entry)
        return await settlement.close()

    async def _failed(self, entry: Entry, error: Exception, *, attempts: int) -> None:
        _log_failure(entry.envelope, error)
        now = self.clock()
        decision = after_failure(error, attempts=attempts, now=now, policy=self.programme.policy)
        self._told(await self.store.write(lambda tx: self._settle_failed(tx, entry, decision, now, attempts)))

    async def _settle_failed(
        self, tx: Transaction, entry: Entry, decision: Wait | Dead, now: datetime, attempts: int
    ) -> Tally:
        taken = await inbox.claim_all(tx, [entry.envelope], now)
        if entry.is_counted:
            await inbox.forget_attempts(tx, entry.envelope)
        settlement = Settlement(tx, self.programme, now, attempts=attempts)
        if entry.envelope.key in taken:
            await settlement.decide(taken[entry.envelope.key], entry.envelope, decision)
        else:
            await settlement.take_seen(entry)
        return await settlement.close()

    async def process_deferred(self, waiting: Deferred) -> None:
        """Give a waiting message its turn; ``waiting`` is leased to this process."""
        if waiting.lost_turns >= self.kill_attempts_max:
            reason = Reason("ends_the_process", f"The process ended during each of {waiting.lost_turns} attempts.")
            entry = Entry(waiting.envelope, None, None, reason, waiting.handed_in_at)
        else:
            entry = await self._entry(waiting.envelope, waiting.handed_in_at)
        now = self.clock()
        try:
            self._told(await self.store.write(lambda tx: self._settle_turn(tx, waiting, entry, now)))
        except NOT_ITS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - a bug: the same decision as for a first delivery
            await self._failed_turn(waiting, error, now)

    async def _settle_turn(self, tx: Transaction, waiting: Deferred, entry: Entry, now: datetime) -> Tally:
        if not await deferred.hold(tx, waiting):
            return Tally()  # another process has it
        await inbox.settle(tx, waiting.seq, "done", None, now)
        settlement = Settlement(tx, self.programme, now, attempts=waiting.attempts, gives_up_at=waiting.gives_up_at)
        await settlement.take([(waiting.seq, entry)])
        await deferred.take(tx, waiting)
        return await settlement.close()

    async def _failed_turn(self, waiting: Deferred, error: Exception, now: datetime) -> None:
        _log_failure(waiting.envelope, error)
        failures = waiting.attempts if waiting.code in RETRIED else 1  # turns spent waiting were no failures
        decision = after_failure(
            error, attempts=failures, now=now, policy=self.programme.policy, gives_up_at=waiting.gives_up_at
        )
        self._told(await self.store.write(lambda tx: self._settle_failed_turn(tx, waiting, decision, now, failures)))

    async def _settle_failed_turn(
        self, tx: Transaction, waiting: Deferred, decision: Wait | Dead, now: datetime, failures: int
    ) -> Tally:
        if not await deferred.hold(tx, waiting):
            return Tally()
        settlement = Settlement(tx, self.programme, now, attempts=failures)
        await settlement.decide(
            waiting.seq, waiting.envelope, decision, waiting.waits_for, is_in_line=waiting.is_in_line
        )
        await deferred.take(tx, waiting)
        return await settlement.close()

    def _told(self, tally: Tally) -> None:
        for (kind, outcome), number in sorted(Counter(tally.outcomes).items()):
            log.info("settled", kind=kind, outcome=outcome, messages=number)
        if tally.leaves:
            self.woken()


def _unpacks_to_much(envelope: Envelope) -> bool:
    encoding = envelope.content_encoding
    return encoding != "" and weight(envelope.body, encoding) > _UNPACKED_AT_ONCE_BYTES


def _log_failure(envelope: Envelope, error: BaseException) -> None:
    log.error(
        "handler_failed",
        kind=envelope.kind,
        message_id=envelope.message_id,
        error=type(error).__name__,
        where=places(error),
    )
