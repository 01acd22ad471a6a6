"""From publishing to the acknowledgement, told by the process that acknowledges."""

from __future__ import annotations

import os
import time
from pathlib import Path

from aio_pika.message import IncomingMessage

from bench.load import SENT_HEADER


class Latencies:
    """Milliseconds of each message that left with its moment; both sides of the comparison are watched alike."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._taken: list[float] = []
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
        plain, taken = IncomingMessage.ack, self._taken

        async def ack(message: IncomingMessage, multiple: bool = False) -> None:
            await plain(message, multiple)
            sent = message.headers.get(SENT_HEADER)
            if isinstance(sent, str):
                taken.append((time.time_ns() - int(sent)) / 1e6)

        IncomingMessage.ack = ack  # type: ignore[method-assign, assignment]
