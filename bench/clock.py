"""From publishing to the acknowledgement, told by the process that acknowledges."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiormq import Channel
from aiormq.abc import ConsumerCallback, DeliveredMessage

from bench.load import SENT_HEADER
from workers.deliveries import Delivered, Line, Take


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
        """Look at deliveries where aiormq gives them out, or our line does, and at acknowledgements where both sides pass."""
        consume, acknowledge, take = Channel.basic_consume, Channel.basic_ack, Line.__init__

        async def basic_consume(
            channel: Channel, queue: str, consumer_callback: ConsumerCallback, **options: Any
        ) -> Any:
            async def noted(message: DeliveredMessage) -> Any:
                self._note(int(message.delivery_tag or 0), message.header.properties.headers)
                return await consumer_callback(message)

            return await consume(channel, queue, noted, **options)

        def watched(line: Line, taker: Take, **options: Any) -> None:
            def noted(message: Delivered) -> None:
                self._note(message.tag, message.properties.get("headers"))
                taker(message)

            take(line, noted, **options)

        async def basic_ack(channel: Channel, delivery_tag: int, multiple: bool = False, **options: Any) -> None:
            await acknowledge(channel, delivery_tag, multiple, **options)
            now, sent = time.time_ns(), self._sent
            for tag in [tag for tag in sent if tag == delivery_tag or (multiple and tag < delivery_tag)]:
                self._taken.append((now - sent.pop(tag)) / 1e6)

        Channel.basic_consume = basic_consume  # type: ignore[method-assign, assignment]
        Channel.basic_ack = basic_ack  # type: ignore[method-assign, assignment]
        Line.__init__ = watched  # type: ignore[method-assign, assignment]

    def _note(self, tag: int, headers: Mapping[str, Any] | None) -> None:
        moment = (headers or {}).get(SENT_HEADER)
        if isinstance(moment, str):
            self._sent[tag] = int(moment)
