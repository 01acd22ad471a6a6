"""A lane: one queue, one channel, one loop. What has arrived while the last commit ran is the next batch; no timer.

A delivery goes from the line straight into the lane's own buffer (the prefetch bounds it); everything else runs in the lane's
own task. A batch is acknowledged with one ``multiple`` acknowledgement after its commit, on the channel it came by; when
that channel is gone, RabbitMQ delivers again and the inbox knows the messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq.abc import AbstractChannel, DeliveredMessage

from messages.codec import weight
from messages.errors import BrokerAway, Misconfigured, StoreAway, StoreUnusable
from workers.broker import dead_line_is_away, open_connection
from workers.deliveries import Delivered
from workers.troubles import Troubles

log = structlog.get_logger("pmp.consumer")

Handle = Callable[[Sequence[Delivered]], Awaitable[None]]
_LOST = (AMQPError, ChannelInvalidStateError, ConnectionError, BrokerAway, TimeoutError)
_CONSUMER_TAG = "pmp"  # a channel has one consumer
_SILENT_LOOKS_MAX = 2  # messages ready and we idle, twice in a row: not just a look between two deliveries


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """One lane's limits.

    Args:
        queue: its name.
        prefetch: messages held unacknowledged at most; 100–500 keeps the loop fed, files weigh more.
        batch_bytes: a batch that holds as much, unpacked, takes no further message; one large file is a transaction of its own.
        watch_seconds: how often to ask the broker whether it still knows us as a consumer.
        reconnect_seconds: pause before a new connection.
    """

    queue: str
    prefetch: int = 500
    batch_bytes: int = 1024 * 1024
    watch_seconds: float = 30.0
    reconnect_seconds: float = 1.0

    @property
    def batch_max(self) -> int:
        """Messages in one transaction at most: half the prefetch, so that the next batch gathers while one commits."""
        return max(1, self.prefetch // 2)


class Lane:
    """Consumes one queue until ``stop``; survives the broker's and the store's absence."""

    def __init__(self, amqp_url: str, settings: LaneSettings, handle: Handle, troubles: Troubles) -> None:
        self._url = amqp_url
        self._settings = settings
        self._handle = handle
        self._troubles, self._part = troubles, f"lane {settings.queue} on {troubles.machine}"
        self._stopping = asyncio.Event()
        self._is_idle = True
        self.consuming = asyncio.Event()
        """Set while the broker knows this lane as a consumer."""

    def stop(self) -> None:
        """Take nothing more; what was taken is finished, then ``run`` returns."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until stopped, over as many connections as it takes; whatever happens, a lane begins again.

        After a bug of ours it does so at growing pauses, and stands among the troubles until something goes well.

        Raises:
            StoreUnusable: except this; nothing is acknowledged.
        """
        while not self._stopping.is_set():
            pause = self._settings.reconnect_seconds
            try:
                buffer: asyncio.Queue[Delivered] = asyncio.Queue()
                connection = await open_connection(
                    self._url, name=f"pmp {self._settings.queue}", take=buffer.put_nowait
                )
                with dead_line_is_away():
                    try:
                        await self._consume(connection, buffer)
                    finally:
                        with suppress(*_LOST):
                            await asyncio.wait_for(connection.close(), 5)
            except _LOST as error:
                log.warning("connection_lost", queue=self._settings.queue, error=type(error).__name__)
            except StoreUnusable:
                raise
            except (
                Misconfigured
            ) as error:  # it let us in before, so it may again: a password in change, a broker starting
                log.error("broker_refuses_us", queue=self._settings.queue, reason=str(error))
            except Exception as error:  # noqa: BLE001 - a bug of ours: nothing is acknowledged, RabbitMQ delivers again
                pause = await self._troubles.note(self._part, error)
            finally:
                self.consuming.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _consume(self, connection: AbstractConnection, buffer: asyncio.Queue[Delivered]) -> None:
        channel = await connection.channel(publisher_confirms=False)
        await channel.set_qos(prefetch_count=self._settings.prefetch)
        await channel.get_queue(self._settings.queue, ensure=True)
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def note_loss(*_: object) -> None:
            if not lost.done():
                lost.set_result(None)

        connection.close_callbacks.add(note_loss)
        channel.close_callbacks.add(note_loss)
        line = await channel.get_underlay_channel()
        await line.basic_consume(self._settings.queue, _taken_before, consumer_tag=_CONSUMER_TAG)
        self.consuming.set()
        work = asyncio.create_task(self._work(buffer, line))
        watch = asyncio.create_task(self._watch(connection))
        stop = asyncio.create_task(self._stopping.wait())
        ends: list[asyncio.Future[Any]] = [work, watch, stop, lost]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set() and not lost.done() and not work.done():
                with suppress(*_LOST):
                    await asyncio.wait_for(line.basic_cancel(_CONSUMER_TAG), 5)
                await self._drained(buffer, work, lost)
        finally:
            for task in (work, watch, stop):
                task.cancel()
            ended = await asyncio.gather(work, watch, stop, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        if not self._stopping.is_set():
            raise BrokerAway("The channel was closed.")

    async def _drained(
        self, buffer: asyncio.Queue[Delivered], work: asyncio.Task[None], lost: asyncio.Future[None]
    ) -> None:
        """Wait until everything taken is acknowledged, or the connection is gone."""
        joined = asyncio.ensure_future(buffer.join())
        try:
            await asyncio.wait([joined, work, lost], return_when=asyncio.FIRST_COMPLETED)
        finally:
            joined.cancel()

    async def _work(self, buffer: asyncio.Queue[Delivered], line: AbstractChannel) -> None:
        while True:
            self._is_idle = True
            batch = [await buffer.get()]
            self._is_idle = False
            _gather(batch, buffer, self._settings)
            await self._until_stored(batch, line)
            try:
                await line.basic_ack(batch[-1].tag, multiple=True)
            except _LOST as error:
                log.warning("acknowledgement_dropped", messages=len(batch), error=type(error).__name__)
                raise BrokerAway("The channel was gone before the acknowledgement.") from error
            for _ in batch:
                buffer.task_done()
            with suppress(StoreAway):  # the next batch says so again
                await self._troubles.finish(self._part)

    async def _until_stored(self, batch: Sequence[Delivered], line: AbstractChannel) -> None:
        """Process the batch; while the store is away, wait and take nothing more."""
        pause = 0.2
        while True:
            try:
                await self._handle(batch)
            except StoreAway as error:
                if line.is_closed:
                    raise BrokerAway("The channel closed while the store was away.") from error
                log.warning("store_away", queue=self._settings.queue, waiting=len(batch), reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                return

    async def _watch(self, connection: AbstractConnection) -> None:
        """Find out when we are connected and hear nothing: the broker has messages for us, or knows no consumer."""
        silent_looks = 0
        while True:
            await asyncio.sleep(self._settings.watch_seconds)
            async with asyncio.timeout(self._settings.watch_seconds):
                async with connection.channel(publisher_confirms=False) as channel:
                    queue = await channel.declare_queue(self._settings.queue, passive=True)
                    seen = queue.declaration_result
            if self._is_idle and not seen.message_count:  # nothing comes that could go well
                with suppress(StoreAway):
                    await self._troubles.finish(self._part)
            silent_looks = silent_looks + 1 if seen.message_count and self._is_idle else 0
            if not seen.consumer_count or silent_looks >= _SILENT_LOOKS_MAX:
                log.error("consumer_is_deaf", queue=self._settings.queue)
                raise BrokerAway("The broker does not deliver to this consumer.")


def _gather(batch: list[Delivered], buffer: asyncio.Queue[Delivered], limits: LaneSettings) -> None:
    """Put into the batch what has arrived, up to the limits."""
    gathered = _weight(batch[0])
    while len(batch) < limits.batch_max and gathered < limits.batch_bytes and not buffer.empty():
        batch.append(buffer.get_nowait())
        gathered += _weight(batch[-1])


def _weight(one: Delivered) -> int:
    return weight(one.body, one.properties.get("content_encoding", ""))


async def _taken_before(message: DeliveredMessage) -> None:
    """What aiormq would call; ``take`` of the connection has every delivery before it."""
    raise AssertionError(f"Delivery {message.delivery_tag} came past the tap.")
