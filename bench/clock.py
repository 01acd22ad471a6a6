"""From publishing to the acknowledgement, told by the process that acknowledges."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from aiormq import Channel
from aiormq.abc import ConsumerCallback, DeliveredMessage

from bench.load import SENT_HEADER


class Latencies:
    """Milliseconds of each message that left with its moment; both sides of the comparison are watched alike."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._taken: list[float] = []
        self._sent: dict[int, int] = {}
        if path is not None:
            self._watch()

    @classmethod
    def from_environment(cls) -> Latencies:
        """Watch when BENCH_LATENCIES names a file."""
        path = os.environ.get("BENCH_LATENCIES")
        return cls(Path(path) if path else None)

    def write(self) -> None:
        """The file holds what was taken, one number a line."""
        if self._path is not None:
            self._path.write_text("\n".join(map(str, self._taken)))

    def _watch(self) -> None:
        """Look at deliveries and acknowledgements where both sides pass: in aiormq's channel."""
        consume, acknowledge, sent, taken = Channel.basic_consume, Channel.basic_ack, self._sent, self._taken

        async def basic_consume(
            channel: Channel, queue: str, consumer_callback: ConsumerCallback, **options: Any
        ) -> Any:
            async def noted(message: DeliveredMessage) -> Any:
                moment = (message.header.properties.headers or {}).get(SENT_HEADER)
                if isinstance(moment, str):
                    sent[int(message.delivery_tag or 0)] = int(moment)
                return await consumer_callback(message)

            return await consume(channel, queue, noted, **options)

        async def basic_ack(channel: Channel, delivery_tag: int, multiple: bool = False, **options: Any) -> None:
            await acknowledge(channel, delivery_tag, multiple, **options)
            now = time.time_ns()
            for tag in [tag for tag in sent if tag == delivery_tag or (multiple and tag < delivery_tag)]:
                taken.append((now - sent.pop(tag)) / 1e6)

        Channel.basic_consume = basic_consume  # type: ignore[method-assign, assignment]
        Channel.basic_ack = basic_ack  # type: ignore[method-assign, assignment]
