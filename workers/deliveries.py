"""Deliveries are cut out of the broker's line before aiormq reads it; everything else that comes is aiormq's as ever.

aiormq awaits three times a frame, queues each, and starts a task a message; pamqp decodes field by field. All that was a third of
what a small message cost. Here a whole chunk of the line is cut at once, without an await. The way in is aiormq's own: a
connection may bring its transport. The layouts are AMQP 0-9-1's (2.3.5 frames, 4.2.6 content, 1.8.3.13 basic.deliver).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, SupportsIndex

from aiormq import TransportFactory
from pamqp import decode
from yarl import URL

_FRAME = struct.Struct(">BHI").unpack_from  # kind, channel, size
_DELIVER = (60).to_bytes(2, "big") * 2  # class basic, method deliver
_TAG = struct.Struct(">QB").unpack_from  # delivery tag, redelivered
_LONG, _SHORT = struct.Struct(">Q").unpack_from, struct.Struct(">H").unpack_from
_SIZE = struct.Struct(">I").unpack_from
_METHOD, _HEADER, _BODY, _BEAT = 1, 2, 3, 8
_KINDS = frozenset({_METHOD, _HEADER, _BODY, _BEAT})
_FRAME_END = 0xCE
_FRAME_BYTES_MIN = 8
_HEARTBEAT = bytes((_BEAT, 0, 0, 0, 0, 0, 0, _FRAME_END))
_HELD_BYTES = 2**16  # asyncio's own limit, of what aiormq has not read yet
_BEAT_SECONDS = 1.0  # aiormq gives a line up after three heartbeats without a frame, of a second at least
_MILLISECONDS_FROM = 0xFFFFFFFF  # what is above would be after the year 2106: some clients send milliseconds


class Delivered(NamedTuple):
    """One message as it came by the line. A property that was not sent is not there."""

    tag: int
    redelivered: bool
    routing_key: str
    properties: Mapping[str, Any]
    body: bytes


Take = Callable[[Delivered], None]


@dataclass(slots=True)
class _Coming:
    """A delivery whose content has not all arrived."""

    channel: int
    tag: int
    redelivered: bool
    routing_key: str
    properties: Mapping[str, Any] | None = None
    missing: int = 0
    parts: list[bytes] = field(default_factory=list)


class Line(asyncio.StreamReader):
    """What aiormq reads from: the broker's bytes without the deliveries, which ``take`` gets, in their order."""

    def __init__(self, take: Take, *, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=limit, loop=loop)
        self._take = take
        self._clock = loop.time
        self._rest: list[bytes] = []
        self._rest_bytes, self._whole_bytes = 0, _FRAME_BYTES_MIN
        self._coming: _Coming | None = None
        self._is_broken = False
        self._beat_at = 0.0

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Cut what has arrived; the start of a frame whose end has not is kept, and put together once."""
        if self._is_broken:
            super().feed_data(data)
            return
        self._rest.append(bytes(data))
        self._rest_bytes += len(self._rest[-1])
        if self._rest_bytes < self._whole_bytes:
            return
        line = b"".join(self._rest)
        at, most, others = 0, len(line), []
        self._whole_bytes = _FRAME_BYTES_MIN
        while most - at >= _FRAME_BYTES_MIN:
            kind, channel, size = _FRAME(line, at)
            end = at + 8 + size
            if kind not in _KINDS or (end <= most and line[end - 1] != _FRAME_END):
                self._is_broken = True  # no frame: aiormq shall see it, and say so
                others.append(line[at:])
                at = most
                break
            if end > most:
                self._whole_bytes = end - at
                break
            if not self._is_cut(kind, channel, line, at + 7, end - 1):
                others.append(line[at:end])
            at = end
        self._rest, self._rest_bytes = [line[at:]], most - at
        if others:
            super().feed_data(b"".join(others))
        elif at:
            self._beat()

    def feed_eof(self) -> None:
        """Nothing more comes; half a frame is aiormq's to complain of."""
        if self._rest_bytes:
            super().feed_data(b"".join(self._rest))
            self._rest, self._rest_bytes = [], 0
        super().feed_eof()

    def _beat(self) -> None:
        """Tell aiormq that the line lives, which it would otherwise know by the deliveries."""
        now = self._clock()
        if now - self._beat_at >= _BEAT_SECONDS:
            self._beat_at = now
            super().feed_data(_HEARTBEAT)

    def _is_cut(self, kind: int, channel: int, line: bytes, at: int, end: int) -> bool:
        """Whether the frame was part of a delivery."""
        if kind == _METHOD and line[at : at + 4] == _DELIVER:
            self._coming = _begun(channel, line, at + 4)
            return True
        coming = self._coming
        if coming is None or coming.channel != channel:
            return False
        if kind == _HEADER:
            coming.missing = _LONG(line, at + 4)[0]
            coming.properties = properties_of(line[at + 12 : end])
        elif kind == _BODY and coming.properties is not None:
            coming.parts.append(line[at:end])
            coming.missing -= end - at
        else:
            self._coming = None  # the broker breaks off, to close the channel; unacknowledged, so it comes again
            return False
        if coming.missing <= 0:
            self._coming = None
            body = coming.parts[0] if len(coming.parts) == 1 else b"".join(coming.parts)
            self._take(Delivered(coming.tag, coming.redelivered, coming.routing_key, coming.properties, body))
        return True


def _begun(channel: int, line: bytes, at: int) -> _Coming:
    at += 1 + line[at]  # the consumer's tag: a connection has one consumer
    tag, redelivered = _TAG(line, at)
    at += 9
    at += 1 + line[at]  # the exchange
    return _Coming(channel, tag, bool(redelivered & 1), _short_text(line, at)[0])


def _short_text(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    # Escaped, what is no UTF-8 stays apart: two ids that differ must not become one.
    return data[at + 1 : end].decode("utf-8", "backslashreplace"), end


def _table(data: bytes, at: int) -> tuple[Mapping[str, Any], int]:
    end = at + 4 + _SIZE(data, at)[0]
    try:
        return decode.field_table(data[at:end])[1], end
    except (ValueError, OverflowError, OSError, RecursionError):
        return (
            {},
            end,
        )  # values of types that AMQP does not know, moments out of all calendars, tables in tables without end


def _moment(data: bytes, at: int) -> tuple[datetime | None, int]:
    seconds: float = _LONG(data, at)[0]
    if seconds > _MILLISECONDS_FROM:
        seconds /= 1000.0
    try:
        return datetime.fromtimestamp(seconds, UTC), at + 8
    except (ValueError, OverflowError, OSError):
        return None, at + 8


def _octet(data: bytes, at: int) -> tuple[int, int]:
    return data[at], at + 1


_Read = Callable[[bytes, int], tuple[Any, int]]
# In the order of their flags, from bit 15 down (AMQP 0-9-1, class basic).
_PROPERTIES: tuple[tuple[str, _Read], ...] = (
    ("content_type", _short_text), ("content_encoding", _short_text), ("headers", _table), ("delivery_mode", _octet),
    ("priority", _octet), ("correlation_id", _short_text), ("reply_to", _short_text), ("expiration", _short_text),
    ("message_id", _short_text), ("timestamp", _moment), ("type", _short_text), ("user_id", _short_text),
    ("app_id", _short_text), ("cluster_id", _short_text),
)  # fmt: skip


@lru_cache(maxsize=64)  # publishers send few different sets
def _sent(flags: int) -> tuple[tuple[str, _Read], ...]:
    return tuple(named for place, named in enumerate(_PROPERTIES) if flags >> (15 - place) & 1)


def properties_of(data: bytes) -> Mapping[str, Any]:
    """Read a content's flags and properties; nothing here can fail: of what is cut short, the whole ones were sent."""
    found: dict[str, Any] = {}
    try:
        flags, at = _SHORT(data, 0)[0], 2
        more = flags
        while more & 1:  # further flags, of properties that no version has
            more, at = _SHORT(data, at)[0], at + 2
        for name, read in _sent(flags):
            found[name], at = read(data, at)
    except (IndexError, struct.error):
        pass
    return found


class Tapped(TransportFactory):
    """Makes the transport of a connection whose deliveries ``take`` gets."""

    def __init__(self, take: Take) -> None:
        self._take = take

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect as ``asyncio.open_connection`` does, with a reader of ours."""
        context = kwargs.pop("ssl_context_provider")
        ssl = await context.get_context() if url.scheme == "amqps" else None
        assert url.host is not None
        assert url.port is not None
        loop = asyncio.get_running_loop()
        line = Line(self._take, limit=_HELD_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(line, loop=loop)
        transport, _ = await loop.create_connection(lambda: protocol, url.host, url.port, ssl=ssl, **kwargs)
        return line, asyncio.StreamWriter(transport, protocol, line, loop)
