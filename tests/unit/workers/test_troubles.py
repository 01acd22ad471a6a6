"""A sweep, a relay or a lane that fails is told of and tried again at growing pauses; the others go on as if nothing were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
from structlog.testing import capture_logs

from handlers.digest.listing import Look
from handlers.digest.troubles import failing
from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.sweeps.sweep import AnySweep, ChoreSweep, sweeps
from handlers.work import Programme
from messages.errors import Misconfigured
from store import troubles
from store.contract import Transaction
from store.outbox import Staged
from store.sqlite import SqliteStore
from store.troubles import Trouble
from tests.loop_time import time_passes
from tests.stores import sqlite_store
from workers import scheduler as under_test
from workers.consumer import Lane, LaneSettings
from workers.deliveries import Delivered
from workers.relay.loop import Bell, until_stopped
from workers.scheduler import Scheduler
from workers.troubles import Troubles

LATE = datetime(2026, 11, 25, 4, tzinfo=UTC)  # 23:00 in New York: every daily sweep is due
TOMORROW = date(2026, 11, 25)


@dataclass
class Site:
    store: SqliteStore
    now: datetime = LATE
    broken: set[str] = field(default_factory=set)
    tries: list[str] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    @property
    def programme(self) -> Programme:
        return Programme(Policy(), Vault({"k1": new_private_key()}), ())

    async def standing(self) -> Sequence[Trouble]:
        return await self.store.read(lambda tx: troubles.standing(tx, after=LATE - timedelta(days=1)))

    def meets(self, name: str) -> None:
        """A sweep begins; a broken one raises what has a person's name in it."""
        self.tries.append(name)
        if name in self.broken:
            raise KeyError("Zoe Quick")

    def may_break(self, sweep: AnySweep) -> AnySweep:
        if isinstance(sweep, ChoreSweep):

            async def chore(tx: Transaction, on: date, programme: Programme) -> int:
                self.meets(sweep.name)
                return 0

            return replace(sweep, chores=(chore,))

        async def notices(tx: Transaction, on: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
            self.meets(sweep.name)
            yield ()

        return replace(sweep, notices=notices)


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    async with sqlite_store(tmp_path / "pmp.db") as store:
        site = Site(store)
        watched = {name: site.may_break(sweep) for name, sweep in sweeps().items()}
        monkeypatch.setattr(under_test, "sweeps", lambda: watched)
        monkeypatch.setattr("workers.troubles.log", structlog.get_logger("pmp.troubles"))
        yield site


@pytest.mark.parametrize("name", ["password_expiry", "ticket_targets", "retention"])
async def test_a_sweep_that_raises_holds_up_no_other(site: Site, name: str) -> None:
    """It is told of without a value, runs again when its pause is over, and as soon as it goes well nothing stands of it."""
    site.broken = {name}
    scheduler = Scheduler(site.store, site.programme, site.clock, "one")
    with capture_logs() as logged:
        assert set(await scheduler.run_due()) == set(sweeps()) - {name}
    assert [(one["role"], one["error"]) for one in logged if one["event"] == "part_failed"] == [
        (f"sweep {name}", "KeyError")
    ]
    (trouble,) = await site.standing()
    assert (trouble.part, trouble.failures, trouble.since_at) == (f"sweep {name}", 1, LATE)
    assert trouble.error.startswith("KeyError at test_troubles.py:")
    assert "Zoe" not in f"{trouble}{logged}"

    site.now += timedelta(seconds=1)
    await scheduler.run_due()
    site.broken = set()
    site.now += timedelta(seconds=1.9)
    assert name not in await scheduler.run_due()  # the second pause is twice the first
    site.now += timedelta(seconds=0.1)
    assert await scheduler.run_due() == [name]
    assert site.tries.count(name) == 3
    assert await site.standing() == []

    site.broken, site.now = {name}, LATE + timedelta(days=1)
    await scheduler.run_due()
    site.now += timedelta(seconds=1)
    await scheduler.run_due()
    assert site.tries.count(name) == 5  # its pauses begin anew
    assert [one.failures for one in await site.standing()] == [2]


async def test_a_chore_that_raises_holds_up_no_other_of_its_sweep(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those behind it are done at once; it is tried again when the sweep's pause is over, and then the sweep has run."""
    retention = sweeps()["retention"]
    assert isinstance(retention, ChoreSweep)

    def chore(name: str) -> Callable[[Transaction, date, Programme], Awaitable[int]]:
        async def tidy(tx: Transaction, on: date, programme: Programme) -> int:
            site.meets(name)
            return 0

        return tidy

    chores = replace(retention, chores=(chore("first"), chore("second"), chore("third")))
    monkeypatch.setattr(under_test, "sweeps", lambda: {"retention": chores})
    scheduler = Scheduler(site.store, site.programme, site.clock, "one")
    site.broken = {"second"}
    assert await scheduler.run_due() == []
    assert site.tries == ["first", "second", "third"]
    (trouble,) = await site.standing()
    assert trouble.part == "sweep retention"
    site.broken, site.now = set(), LATE + timedelta(seconds=1)
    assert await scheduler.run_due() == ["retention"]
    assert site.tries[3:] == ["first", "second", "third"]
    assert await site.standing() == []


async def test_one_that_keeps_failing_is_counted_and_stands_in_the_digest(site: Site) -> None:
    """Since when it was, and how often, is not forgotten; the pauses end at five minutes."""
    site.broken = {"password_expiry"}
    scheduler = Scheduler(site.store, site.programme, site.clock, "one")
    for _ in range(11):
        await scheduler.run_due()
        site.now += timedelta(minutes=5)
    (trouble,) = await site.standing()
    assert (trouble.failures, trouble.since_at) == (11, LATE)
    (row,) = (await site.store.read(lambda tx: failing(Look(tx, TOMORROW, site.programme)))).rows
    assert row.startswith("sweep password_expiry: KeyError at test_troubles.py:")
    assert "11 times since 2026-11-24" in row


async def test_a_relay_that_raises_is_tried_again(site: Site) -> None:
    """After a pause; when a turn goes well, what an earlier process had left behind ends too."""
    await site.store.write(lambda tx: troubles.note(tx, "relay mail on one", "ValueError at old.py:1:old", LATE))
    stopping, turns = asyncio.Event(), 0

    async def turn() -> int:
        nonlocal turns
        turns += 1
        if turns <= 3:
            raise KeyError("Zoe Quick")
        stopping.set()
        return 0

    living = asyncio.create_task(living_in(site, turn, stopping))
    while not living.done():
        time_passes(1)
        await asyncio.sleep(0.001)
        if turns == 3 and (standing := await site.standing()):
            assert [(one.part, one.failures) for one in standing] in (
                [("relay mail on one", 3)],
                [("relay mail on one", 4)],
            )
    await living
    assert turns == 4
    assert await site.standing() == []


async def test_a_relay_without_its_settings_ends(site: Site) -> None:
    """Nothing can mend that but a new start."""

    async def turn() -> int:
        raise Misconfigured("No sealing key is set.")

    with pytest.raises(Misconfigured):
        await living_in(site, turn, asyncio.Event())


class Line(NamedTuple):
    """A channel that keeps what was acknowledged."""

    acknowledged: list[int]

    async def basic_ack(self, tag: int, *, multiple: bool) -> None:
        """The broker hears it."""
        assert multiple
        self.acknowledged.append(tag)


async def test_a_lane_that_raises_is_tried_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later each time, and it stands among the troubles until a batch is stored and acknowledged."""
    tries: list[float] = []

    async def no_connection(*_: object, **__: object) -> None:
        tries.append(asyncio.get_running_loop().time())
        raise KeyError("Zoe Quick")

    async def handle(_: object) -> None:
        assert await site.standing()

    monkeypatch.setattr("workers.consumer.open_connection", no_connection)
    lane = Lane("amqp://nobody", LaneSettings("pmp.mail"), handle, Troubles(site.store, site.clock, "one"))
    living = asyncio.create_task(lane.run())
    while len(tries) < 4:
        time_passes(0.25)
        await asyncio.sleep(0.001)
    lane.stop()
    await living
    for (before, after), seconds in zip(pairwise(tries), (1, 2, 4), strict=True):
        assert after - before >= seconds
    (trouble,) = await site.standing()
    assert (trouble.part, trouble.failures) == ("lane pmp.mail on one", 4)
    assert "Zoe" not in str(trouble)
    acknowledged: list[int] = []
    buffer: asyncio.Queue[Delivered] = asyncio.Queue()
    buffer.put_nowait(Delivered(7, False, "mail.bounced", {}, b"{}"))
    working = asyncio.create_task(lane._work(buffer, Line(acknowledged)))  # type: ignore[arg-type]
    while await site.standing():
        await asyncio.sleep(0.001)
    working.cancel()
    assert acknowledged == [7]


async def living_in(site: Site, turn: Callable[[], Awaitable[int]], stopping: asyncio.Event) -> None:
    kept = Troubles(site.store, site.clock, "one")
    await until_stopped("mail", turn, bell=Bell(), stopping=stopping, troubles=kept)
