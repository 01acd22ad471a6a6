"""What becomes one transaction: what has arrived, within the lane's limits."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.consumer import LaneSettings, _gather


@dataclass
class Arrived:
    """What a lane sees of a delivery when it gathers: its weight."""

    body: bytes
    properties: Mapping[str, str] = field(default_factory=dict)


def batch_of(*bodies: bytes, limits: LaneSettings, encoding: str = "") -> list[Arrived]:
    """Give the batch made of these deliveries, all of them arrived."""
    buffer: asyncio.Queue[Arrived] = asyncio.Queue()
    arrived = [Arrived(body, {"content_encoding": encoding} if encoding else {}) for body in bodies]
    for one in arrived[1:]:
        buffer.put_nowait(one)
    batch = arrived[:1]
    _gather(batch, buffer, limits)  # type: ignore[arg-type]
    return batch


def test_small_messages_share_a_transaction_up_to_half_the_prefetch() -> None:
    """The other half gathers while this one commits."""
    assert len(batch_of(*[b"x"] * 16, limits=LaneSettings("files", prefetch=16))) == 8


def test_a_large_file_is_the_last_of_its_transaction() -> None:
    """Two large files are never read at the same time: that bounds a worker's memory."""
    limits = LaneSettings("files", prefetch=16, batch_bytes=100)

    assert [len(one.body) for one in batch_of(b"x" * 100, b"x" * 100, limits=limits)] == [100]
    assert [len(one.body) for one in batch_of(b"x", b"x" * 100, b"x", limits=limits)] == [1, 100]


def test_a_packed_file_weighs_what_it_holds() -> None:
    """A hundred bytes that unpack to megabytes are no small message."""
    limits, packed = LaneSettings("files", prefetch=16, batch_bytes=10_000), gzip.compress(b" " * 10_000)

    assert len(packed) < 100
    assert len(batch_of(packed, packed, limits=limits, encoding="gzip")) == 1
