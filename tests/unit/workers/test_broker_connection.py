"""A connection that never opened is closed at once: the garbage collector runs in whatever thread comes along, under no loop."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from collections.abc import Iterator
from contextlib import closing

import pytest

from messages.errors import BrokerAway
from workers.broker import open_connection


def free_port() -> int:
    """A port at which nobody answers."""
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(autouse=True)
def collects_when_told() -> Iterator[None]:
    """The garbage collector runs when the test says so, and nowhere else."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def closings_begun_aside() -> list[str]:
    """What is closed by a garbage collector that runs in another thread, where no loop is."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("ignore", ResourceWarning)
        await asyncio.to_thread(gc.collect)
    return [str(one.message) for one in seen]


async def test_what_never_opened_is_closed_here() -> None:
    """Nobody answers."""
    for _ in range(3):
        with pytest.raises(BrokerAway, match="does not answer"):
            await open_connection(f"amqp://127.0.0.1:{free_port()}/", name="test")
    assert await closings_begun_aside() == []


async def test_what_was_given_up_is_closed_here() -> None:
    """Hung up on, out of time, or cancelled."""
    silent = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    url = f"amqp://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
    async with silent:
        with pytest.raises(BrokerAway):
            await open_connection(url, name="test", timeout_seconds=0.1)
        opening = asyncio.create_task(open_connection(url, name="test"))
        await asyncio.wait([opening], timeout=0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        del opening
        assert await closings_begun_aside() == []
