"""Where stories happen: the parts of a site on a real RabbitMQ and a real mail server, with the story's own clock.

A portal publishes and awaits answers, a person reads the mailbox, days pass and what they set off runs at noon of each.
"""

from __future__ import annotations

import asyncio
import time as machine_time
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from handlers.links import with_links_opened
from handlers.work import Programme
from messages.codec import Limits
from store.contract import Store, as_text
from store.recipients import RecipientRules
from tests.mail_sink import MailSink
from tests.site import Site, until
from tests.stories.letters import Letter, opened
from tests.stories.portal import Portal
from workers import bootstrap
from workers.process import Processor
from workers.projection import TreatmentsProjection
from workers.relay.loop import Bell, until_stopped
from workers.relay.mail import MailRelay
from workers.relay.publish import PublishRelay
from workers.relay.waiting import WaitingRelay
from workers.scheduler import Scheduler
from workers.settings import load_settings
from workers.troubles import Troubles
from workers.watchdog import Watchdog

_NOON = time(12)
_LEAVING = (
    "SELECT count(*) FROM outbox WHERE state IN ('claimed', 'handed_over') OR (state = 'due' AND due_at <= ?)",
    "SELECT count(*) FROM deferred WHERE due_at <= ?",
)


@dataclass(slots=True)
class Clock:
    """What time it is in the story. It moves when the story says so."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Place:
    """A site in full swing."""

    site: Site
    store: Store
    sink: MailSink
    clock: Clock
    programme: Programme
    scheduler: Scheduler
    projection: TreatmentsProjection
    bell: Bell
    portal: Portal
    senders: Mapping[str, Portal]
    """Further broker users by name."""
    _read: dict[str, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The story's day in the programme's time zone."""
        return self.programme.policy.local_date(self.clock())

    async def comes(self, moment: datetime) -> None:
        """It is this moment now: whatever is due runs, and its e-mails leave."""
        assert moment >= self.clock.at, "time does not run backwards"
        await self.settled()  # what is on its way still goes by the hour at which it left
        self.clock.at = moment.astimezone(UTC)
        await self.scheduler.run_due()
        self.bell.ring()
        await self.settled()

    async def minutes_pass(self, minutes: int) -> None:
        """So many minutes later."""
        await self.comes(self.clock() + timedelta(minutes=minutes))

    async def day_comes(self, day: date, at: time = _NOON) -> None:
        """It is that day, at that hour of the programme's time zone; nothing ran on the days between."""
        await self.comes(datetime.combine(day, at, tzinfo=self.programme.policy.zone))

    async def days_pass_until(self, day: date) -> None:
        """Day by day, that day included, what a day sets off runs at its noon."""
        while self.today < day:
            await self.day_comes(self.today + timedelta(days=1))

    async def settled(self) -> None:
        """Nothing is on its way out any more, and nothing waits whose time has come."""
        deadline, now = machine_time.monotonic() + 20, as_text(self.clock())
        while any(self.site.counted.number(query, now) for query in _LEAVING):
            assert machine_time.monotonic() < deadline, f"still on its way: {self._on_its_way()}"
            await asyncio.sleep(0.01)

    def _on_its_way(self) -> Sequence[object]:
        return self.site.counted.rows(
            "SELECT name, state, reply FROM outbox WHERE state IN ('due', 'claimed', 'handed_over')"
        )

    async def counts_treatments(self) -> None:
        """Treatments and reviews are as the records and reviews so far make them."""
        async with asyncio.timeout(20):
            while not await self.projection.is_done():
                await self.projection.turn()

    async def reads(self, *addresses: str) -> list[Letter]:
        """What has come into these mailboxes since their owners last looked."""
        await self.settled()
        found = []
        for address in addresses:
            mine = [mail for mail in self.sink.mails if mail.recipient == address]
            found += [opened(mail) for mail in mine[self._read.get(address, 0) :]]
            self._read[address] = len(mine)
        return found

    async def reads_one(self, address: str, subject: str) -> Letter:
        """The one letter that has come since, about this."""
        letters = await self.reads(address)
        assert len(letters) == 1, [letter.subject for letter in letters]
        assert subject.casefold() in letters[0].subject.casefold(), letters[0].subject
        return letters[0]

    async def is_in_order(self) -> None:
        """Each message stands in exactly one place and the audit trail fits, as the operator's commands say; none is dead."""
        await self.settled()
        assert self.site.counted.rows("SELECT code, text FROM dead_letters WHERE state = 'open'") == []
        for ended in await asyncio.gather(self.site.pmp("reconcile"), self.site.pmp("audit", "verify")):
            assert ended[0] == 0, ended[1]


@asynccontextmanager
async def place_on(site: Site, begins_at: datetime, sink: MailSink, senders: Mapping[str, str]) -> AsyncIterator[Place]:
    """The site's parts run in this process until the block ends; its settings are those of the environment.

    Args:
        senders: the addresses under which further broker users connect.
    """
    settings, clock, bell, stopping = load_settings(), Clock(begins_at.astimezone(UTC)), Bell(), asyncio.Event()
    programme = bootstrap.programme_of(settings)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(bootstrap.open_store(settings))
        await store.migrate()
        threads = stack.enter_context(ThreadPoolExecutor(2))
        watchdog = stack.enter_context(Watchdog(settings.handler_seconds))
        processor = Processor(store, programme, clock, threads, Limits(), bell.ring)
        lanes = bootstrap.lanes_of(settings, processor, watchdog)
        transport = await stack.enter_async_context(bootstrap.transport_of(settings))
        renderer = bootstrap.renderer_of(settings)
        rules = RecipientRules(settings.programme.mails_per_recipient_hour, renderer.urgent)
        links = partial(with_links_opened, vault=programme.vault)
        mail = MailRelay(store, renderer, transport, clock, "story", settings.lease_seconds, rules, links)
        publish = PublishRelay(store, site.amqp_url, clock, leased_by="story", lease_seconds=settings.lease_seconds)
        stack.push_async_callback(publish.close)
        waiting = WaitingRelay(processor, settings.lease_seconds, watchdog.limit)
        living = partial(until_stopped, bell=bell, stopping=stopping, troubles=Troubles(store, clock, "story"))
        turns = {"mail": mail.turn, "publish": publish.turn, "waiting": waiting.turn}
        loops = [living(name, turn) for name, turn in turns.items()]
        tasks = [asyncio.create_task(one) for one in (*loops, *(lane.run() for lane in lanes))]
        await until(lambda: all(lane.consuming.is_set() for lane in lanes), "every queue is consumed")
        scheduler = Scheduler(store, programme, clock, "story", bell.ring)
        projection = TreatmentsProjection(store, programme, clock, "story")
        key = programme.vault.sealing_key
        portal = await stack.enter_async_context(Portal(site.amqp_url, key))
        others = {user: await stack.enter_async_context(Portal(url, key)) for user, url in senders.items()}
        try:
            yield Place(site, store, sink, clock, programme, scheduler, projection, bell, portal, others)
        finally:
            stopping.set()
            for lane in lanes:
                lane.stop()
            await asyncio.gather(*tasks)
