"""Process: a disk that is full, and a deferred message that ends the process each time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from messages.errors import StoreAway
from store import deferred
from tests.unit.workers.processing import Bench, bench, threads, ticket, withdrawal

__all__ = ["bench", "threads"]  # fixtures


async def test_a_full_disk_is_waited_for(bench: Bench) -> None:
    """While the store cannot grow nothing is committed and nothing is dead; with room again everything is done once."""
    batch = [ticket(f"t{number}", f"m{number}") for number in range(2000)]
    await bench.take(ticket("before", "m-before"))
    (pages,) = bench.counted.rows("PRAGMA page_count")[0]
    await bench.store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreAway, match="SQLITE_FULL"):
        await bench.take(*batch)
    assert bench.counted.tickets() == ["before"]
    assert bench.counted.dead() == []
    await bench.store._writer.execute("PRAGMA max_page_count = 1000000")
    await bench.take(*batch)
    assert len(bench.counted.tickets()) == 2001
    assert bench.counted.states() == {"done": 2001}


async def test_a_deferred_message_that_ends_the_process_is_dead_after_its_lost_turns(bench: Bench) -> None:
    """Each lease that ran out is a turn whose process ended; the message is dead before it ends another."""
    await bench.take(withdrawal("unknown"))
    for _ in range(4):  # leased, and the process ended before the outcome
        bench.clock.later(hours=7)
        now = bench.clock.now
        await bench.store.write(partial(deferred.lease, now=now, leased_until=now + timedelta(minutes=2), most=1))
    await bench.wait_turn(hours=7)
    assert bench.counted.states() == {"dead": 1}
    assert bench.counted.dead() == ["ends_the_process"]
    assert bench.answers() == [("failed", "ends_the_process")]
