"""What becomes one transaction: what has arrived, within the lane's limits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from workers.consumer import LaneSettings, _gather


@dataclass
class Arrived:
    """What a lane sees of a delivery when it gathers: its weight."""

    body: bytes


def batch_of(*bodies: bytes, limits: LaneSettings) -> list[Arrived]:
    """Give the batch made of these deliveries, all of them arrived."""
    buffer: asyncio.Queue[Arrived] = asyncio.Queue()
    for body in bodies[1:]:
        buffer.put_nowait(Arrived(body))
    batch = [Arrived(bodies[0])]
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
