"""A TCP proxy between a client and a server, to cut, stall and mend the line between them.

async with TcpProxy("127.0.0.1", 5672) as proxy:
    ...  # connect to proxy.port
    proxy.cut_all()
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(slots=True)
class TcpProxy:
    """Carries bytes both ways until told otherwise; bytes from the client with ``cut_when`` in them cut everything, once."""

    host: str
    server_port: int
    port: int = 0
    connections: int = 0
    cuts: int = 0
    cut_when: bytes | None = None
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.resume()
        self.cut_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut_all(self) -> None:
        """Every open connection is gone at once, without a goodbye; new ones are taken."""
        self.cuts += 1
        for writer in tuple(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Nothing passes any more, yet nothing is closed."""
        self._flowing.clear()

    def resume(self) -> None:
        """What was held up goes on."""
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            onward, towards = await asyncio.open_connection(self.host, self.server_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, towards}
        for source, sink, is_client in ((reader, towards, True), (onward, writer, False)):
            task = asyncio.create_task(self._carry(source, sink, is_client))
            self._tasks.add(task)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_client: bool) -> None:
        try:
            with suppress(OSError):
                while piece := await source.read(65536):
                    await self._flowing.wait()
                    if is_client and self.cut_when is not None and self.cut_when in piece:
                        self.cut_when = None
                        self.cut_all()
                        return
                    sink.write(piece)
                    await sink.drain()
        finally:
            self._writers.discard(sink)
            sink.close()
