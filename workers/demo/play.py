"""The day is played: publish, kill a worker in the middle, wait until everything has settled, run the sweep, count."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from rich.console import Console

from handlers.sweeps.sweep import sweeps
from messages.errors import BrokerAway
from notifier.folder import read_folder
from store.contract import Store
from workers import bootstrap
from workers.client import Publisher
from workers.demo import people as made_up
from workers.demo import pharmacies
from workers.demo.crew import Crew, crew
from workers.demo.day import Day, Planned, Scene
from workers.demo.joining import Joining
from workers.demo.ledger import Counts, Expected, audit, counted
from workers.demo.place import emptied, own_settings, own_vhost, variables
from workers.demo.show import show
from workers.scheduler import Scheduler
from workers.services.private import Say
from workers.settings import Settings, load_settings
from workers.up import prepared, with_broker

FOLDER = Path(".local/demo")
AT_ONCE = 50
LOOK_SECONDS = 0.2
SWEPT_DAYS_AHEAD = (85, 90)


async def run_demo(
    say: Say,
    day: Day | None = None,
    *,
    settings: Settings | None = None,
    folder: Path = FOLDER,
    console: Console | None = None,
) -> int:
    """Play the day and show what became of it; return 0 when every message is accounted for, else 1.

    Args:
        say: told what happens while it happens.
        day: how much happens; by default some 370 messages and 12,000 records.
        settings: those of the environment by default; store, mail folder and broker's virtual host are the demo's own.
        folder: where the demo keeps everything; emptied first.
        console: where the result is shown.
    """
    day = day or Day()
    await asyncio.to_thread(emptied, folder)
    say(f"Seed {day.seed}; everything stays to be looked at in {folder}.")
    async with AsyncExitStack() as stack:
        placed = await stack.enter_async_context(with_broker(settings or load_settings(), say))
        own = await stack.enter_async_context(own_vhost(own_settings(placed, folder)))
        site = await stack.enter_async_context(prepared(own, say, local=folder))
        store = await stack.enter_async_context(bootstrap.open_store(site))
        hands = await stack.enter_async_context(crew(variables(site), folder))
        play = _Play(day, site, store, hands, say)
        await play.whole_day()
        ended_well = await hands.stop()
        result = await audit(store, site.mail_folder, play.expected(), ended_well=ended_well)
    show(console or Console(), result, play.timing)
    return 0 if result.is_clean else 1


@dataclass(slots=True)
class Timing:
    """When things were done, in seconds on the machine's clock that only goes forward."""

    began: float = field(default_factory=time.monotonic)
    ingested: float = 0.0
    settled: float = 0.0


@dataclass(slots=True)
class _Play:
    day: Day
    site: Settings
    store: Store
    crew: Crew
    say: Say
    timing: Timing = field(default_factory=Timing)
    published: dict[str, Planned] = field(default_factory=dict)
    filing: pharmacies.Filing | None = None

    async def whole_day(self) -> None:
        """Everything has been published, has settled, and the sweeps have run."""
        for name in ("one", "two"):
            self.say(f"Worker {name} runs as process {await self.crew.start(name)}.")
        chance = random.Random(self.day.seed)  # noqa: S311 - made-up data, to be the same again
        scene = Scene(self.day, bootstrap.now(), self.site.programme.zone, chance)
        self.filing = pharmacies.filing(scene)
        async with Publisher(self.site.amqp_url.get_secret_value(), app_id="demo") as publisher:
            self.timing = Timing()
            async with asyncio.timeout(self.day.deadline_seconds), asyncio.TaskGroup() as tasks:
                tasks.create_task(self._people(publisher, scene))
                tasks.create_task(self._files(publisher, self.filing))
                tasks.create_task(self._accident())
            await self._until(
                "every message and e-mail has settled", lambda counts: counts.is_settled(len(self.published))
            )
        self.timing.settled = time.monotonic()
        await self._sweeps(scene)

    async def _people(self, publisher: Publisher, scene: Scene) -> None:
        key = bootstrap.programme_of(self.site).vault.sealing_key
        everybody = made_up.people(scene)
        joining = Joining(
            scene, key, partial(self._publish, publisher), self._until, partial(read_folder, self.site.mail_folder)
        )
        await self._publish(publisher, [*made_up.unreadable(), *made_up.tickets(scene, everybody)])
        approved = await joining.everybody(everybody)
        await self._publish(publisher, made_up.password_changes(scene, approved, key))

    async def _files(self, publisher: Publisher, filing: pharmacies.Filing) -> None:
        await self._publish(publisher, filing.files)
        total = len(filing.files)
        await self._until("files are in", lambda counts: counts.of(pharmacies.KIND) == total)
        self.timing.ingested = time.monotonic()

    async def _accident(self) -> None:
        """One worker is killed while it works, and started again."""
        enough = max(1, self.day.files // 5)
        await self._until("some files are in", lambda counts: counts.of(pharmacies.KIND) >= enough)
        self.say(
            f"Worker one (process {await self.crew.kill('one')}) is killed with SIGKILL in the middle of its work."
        )
        self.say(f"Worker one runs again as process {await self.crew.start('one')}.")

    async def _publish(self, publisher: Publisher, messages: Iterable[Planned]) -> None:
        """Publish in their order of beginning, many in flight."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(message: Planned) -> None:
            async with room:
                for _ in range(message.times):
                    await publisher.publish_body(
                        message.kind, message.body, content_type=message.content_type,
                        message_id=message.message_id, file_name=message.file_name,
                    )  # fmt: skip

        async with asyncio.TaskGroup() as tasks:
            for message in messages:
                self.published[message.message_id] = message
                tasks.create_task(one(message))

    async def _sweeps(self, scene: Scene) -> None:
        """The password sweep runs for days to come: on one it warns, on the other it tells of the expiry (R33, R35)."""
        scheduler = Scheduler(self.store, bootstrap.programme_of(self.site), bootstrap.now, self.site.machine)
        for ahead in SWEPT_DAYS_AHEAD:
            on = scene.local_now.date() + timedelta(days=ahead)
            written = await scheduler.run_sweep(sweeps()["password_expiry"], on)
            self.say(f"The sweep password_expiry, run for {on}, wrote {written} notices.")
        await self._until("the sweep's e-mails are written", lambda counts: counts.is_settled(len(self.published)))

    async def _until(self, what: str, is_so: Callable[[Counts], bool]) -> None:
        """Wait for a state of the store.

        Raises:
            BrokerAway: the deadline has passed; says what was waited for and what stands instead.
        """
        deadline = time.monotonic() + self.day.deadline_seconds
        while not is_so(counts := await self.store.read(counted)):
            self.crew.check()
            if time.monotonic() > deadline:
                raise BrokerAway(f"The deadline passed before {what}: {counts}.")
            await asyncio.sleep(LOOK_SECONDS)

    def expected(self) -> Expected:
        """What must be in the store now."""
        assert self.filing is not None
        messages = {message_id: message.kind for message_id, message in self.published.items()}
        times = sum(message.times for message in self.published.values())
        filing = self.filing
        return Expected(
            messages,
            times,
            filing.keys,
            filing.bad_keys,
            records_sent=filing.records_sent,
            records_bad=filing.records_bad,
        )
