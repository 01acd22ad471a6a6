"""A process calls itself ready when its last lane consumes, not when it has begun to connect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.stores import sqlite_store
from workers.bootstrap import now, told_ready
from workers.consumer import Lane, LaneSettings
from workers.deliveries import Delivered
from workers.troubles import Troubles


async def nothing(batch: Sequence[Delivered]) -> None:
    raise AssertionError(f"{len(batch)} messages came where no broker is")


async def test_ready_is_told_after_the_last_lane_consumes(tmp_path: Path) -> None:
    async with sqlite_store(tmp_path / "pmp.db") as store:
        troubles = Troubles(store, now, "one")
        lanes = [Lane("amqp://nobody", LaneSettings(queue), nothing, troubles) for queue in ("pmp.mail", "pmp.tickets")]
        told: list[str] = []
        telling = asyncio.create_task(told_ready(["worker"], lanes, lambda: told.append("ready")))
        lanes[0].consuming.set()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not told
        lanes[1].consuming.set()
        await telling
        assert told == ["ready"]
