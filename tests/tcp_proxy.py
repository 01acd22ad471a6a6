"""A TCP proxy between a client and a server, to cut the line between them, or to let it go dead without a word.

async with TcpProxy("127.0.0.1", 5672) as proxy:
    ...  # connect to proxy.port
    proxy.cut_all()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

Side = Literal["client", "server"]


@dataclass(eq=False, slots=True)
class _Line:
    """One connection's two ends."""

    ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    is_dead: bool = False


@dataclass(slots=True)
class TcpProxy:
    """Carries bytes both ways until told otherwise; ``happened`` counts what it was told to do."""

    host: str
    server_port: int
    port: int = 0
    connections: int = 0
    happened: int = 0
    _awaited: tuple[Side, bytes, Callable[[], None]] | None = None
    _lines: set[_Line] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def when(self, side: Side, sends: bytes, then: Callable[[], None]) -> None:
        """The next time that a side sends bytes with these among them, they are held back and this happens; once."""
        self._awaited = (side, sends, then)

    def cut_all(self) -> None:
        """Every open connection is gone at once, without a goodbye; new ones are taken."""
        self.happened += 1
        for line in tuple(self._lines):
            for end in line.ends:
                end.transport.abort()

    def deaden_all(self) -> None:
        """Every open connection carries nothing any more, yet neither side is told; new ones are taken."""
        self.happened += 1
        for line in self._lines:
            line.is_dead = True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            onward, towards = await asyncio.open_connection(self.host, self.server_port)
        except OSError:
            writer.transport.abort()
            return
        line = _Line((writer, towards))
        self._lines.add(line)
        self._tasks |= {
            asyncio.create_task(self._carry(line, reader, towards, "client")),
            asyncio.create_task(self._carry(line, onward, writer, "server")),
        }

    async def _carry(self, line: _Line, source: asyncio.StreamReader, sink: asyncio.StreamWriter, side: Side) -> None:
        try:
            with suppress(OSError):
                while piece := await source.read(65536):
                    self._look_at(side, piece)
                    if line.is_dead:
                        continue  # read all the same: who sends must not learn from a full window
                    sink.write(piece)
                    await sink.drain()
        finally:
            if not line.is_dead:  # a goodbye is lost on a dead line as well
                self._lines.discard(line)
                sink.close()

    def _look_at(self, side: Side, piece: bytes) -> None:
        if self._awaited is not None and self._awaited[0] == side and self._awaited[1] in piece:
            then, self._awaited = self._awaited[2], None
            then()
