"""Where the month is played: a clock that is set, a broker, real lanes, relays and sweeps."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import time as machine_time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from handlers.links import with_links_opened
from handlers.secrets import SealingKey, rehearsal_vault
from messages.codec import Limits, encode
from messages.dispenser import DispenserRegistered
from messages.envelope import JSON
from messages.errors import BrokerAway
from messages.message import Message
from messages.patient import PatientMerged, PatientSplit
from notifier.folder import FolderTransport
from store.contract import Store, Transaction
from store.recipients import RecipientRules
from workers import bootstrap
from workers.client import Publisher
from workers.process import Processor
from workers.projection import TreatmentsProjection
from workers.relay.loop import Bell
from workers.relay.mail import MailRelay
from workers.relay.publish import PublishRelay
from workers.relay.waiting import WaitingRelay
from workers.scheduler import Scheduler
from workers.settings import Settings
from workers.simulation.said import SENDERS, Said, Sender
from workers.watchdog import Watchdog

SETTLE_SECONDS = 60.0
LOOK_SECONDS = 0.004
_LINKS = re.compile(r"/(?P<what>verify|reset|confirm-address)/(?P<id>[\w.:-]+)#(?P<secret>[\w-]+)")
_NOBODYS = "a-link-that-nobody-mailed-to-anybody-000000"


@dataclass(slots=True)
class Clock:
    """The time of the month; it stands until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        """Read it."""
        return self.now


@dataclass(slots=True)
class Mailbox:
    """Links that stand in e-mails, the newest of each registration or address."""

    site: Settings
    links: dict[str, tuple[str, str]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    _read: set[str] = field(default_factory=set)

    def newest(self, whose: str) -> tuple[str, str]:
        """The id and the secret of the newest link."""
        self.read()
        return self.links.get(whose.lower(), ("unknown", _NOBODYS))

    def read(self) -> None:
        """Everything that has come is read."""
        fresh = [file for file in self.site.mail_folder.glob("*.eml") if file.name not in self._read]
        for file in sorted(fresh, key=lambda one: one.stat().st_mtime_ns):
            self._read.add(file.name)
            self._take(file.read_bytes())

    def _take(self, content: bytes) -> None:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        body = mail.get_body(("plain",))
        for found in _LINKS.finditer(body.get_content() if body is not None else ""):
            whose = found["id"] if found["what"] == "verify" else str(mail["To"])
            self.links[whose.lower()] = (found["id"], found["secret"])
            self.secrets.add(found["secret"])


@dataclass(slots=True)
class Stage:
    """The system, at a moment. ``published`` counts the messages by their senders' own words."""

    site: Settings
    store: Store
    clock: Clock
    publishers: Mapping[Sender, Publisher]
    users: Mapping[Sender, str]
    scheduler: Scheduler
    projection: TreatmentsProjection
    mail: MailRelay
    publish: PublishRelay
    waiting: WaitingRelay
    key: SealingKey
    mailbox: Mailbox
    patient_ids: Mapping[str, str]
    """By last name: what a portal knows from earlier answers."""
    failed: Callable[[], BaseException | None]
    published: int = 0

    async def look(self, at: datetime) -> None:
        """Everything that time alone sets off by then has been set off, and has left."""
        self.clock.now = at
        await self.project()
        await self.scheduler.run_due()
        await self.rest()

    async def say(self, at: datetime, all_said: Sequence[Said]) -> None:
        """All of it has been published, in its order, and has settled."""
        self.clock.now = at
        for said in all_said:
            await self._publish(said)
        await self._settled()
        await self.rest()

    async def turns(self, at: datetime) -> None:
        """Messages that wait have had their turn where it is time."""
        self.clock.now = at
        while await self.waiting.turn():
            pass
        await self.rest()

    async def rest(self) -> None:
        """E-mails, events and answers have left."""
        while await self.mail.turn():
            pass
        while await self.publish.turn():
            pass

    async def project(self) -> None:
        """Treatments have followed the records."""
        while not await self.projection.is_done():
            await self.projection.turn()

    async def _publish(self, said: Said) -> None:
        body, content_type = b"\x00 no reader understands this {", JSON
        file_name = ""
        if said.message is not None:
            body, content_type = encode(self._sealed(said, said.message))
            file_name = str(getattr(said.message, "file_name", ""))
        for _ in range(said.times):
            await self.publishers[said.sender].publish_body(
                said.spoken_kind, body, content_type=content_type, message_id=said.message_id, file_name=file_name
            )
        self.published += 1

    def _sealed(self, said: Said, message: Message) -> Message:
        """The message with its secrets in it, sealed for it (R38), and with what only answers told."""
        change: dict[str, Any] = {}
        if said.password:
            change["password"] = self.key.seal(said.password, message_id=said.message_id)
        if said.link:
            link_id, secret = self.mailbox.newest(said.link_of)
            secret = secret if said.link == "newest" else _NOBODYS
            change["token"] = self.key.seal(secret, message_id=said.message_id)
            change |= {name: link_id for name in ("reset_id", "change_id") if name in type(message).model_fields}
        if isinstance(message, DispenserRegistered):
            change["submitters"] = tuple(self.users[one] for one in SENDERS if one in message.submitters)
        if isinstance(message, PatientMerged):
            same_as = tuple(self.patient_ids[one] for one in said.same_as)
            change |= {"patient_id": self.patient_ids[said.patient], "same_as": same_as}
        if isinstance(message, PatientSplit):
            change |= {"patient_id": self.patient_ids[said.patient], "split_off": self.patient_ids[said.same_as[0]]}
        return message.model_copy(update=change) if change else message

    async def _settled(self) -> None:
        """Wait until the store has decided on everything that was published.

        Raises:
            BrokerAway: the deadline has passed.
        """
        deadline = machine_time.monotonic() + SETTLE_SECONDS
        while await self.store.read(_taken) < self.published:
            if (error := self.failed()) is not None:
                raise error
            if machine_time.monotonic() > deadline:
                raise BrokerAway("The deadline passed before everything that was published had arrived.")
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def stage(
    site: Settings, urls: Mapping[Sender, str], begins_at: datetime, patient_ids: Mapping[str, str]
) -> AsyncIterator[Stage]:
    """The system runs, with a clock of its own; nothing of it is left when the block ends."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(bootstrap.open_store(site))
        threads = stack.enter_context(ThreadPoolExecutor(max_workers=2, thread_name_prefix="prepare"))
        clock, bell = Clock(begins_at), Bell()
        programme = replace(bootstrap.programme_of(site), vault=rehearsal_vault(site.private_keys()))
        limits = Limits(json_bytes_max=site.json_bytes_max, file_bytes_max=site.file_bytes_max)
        processor = Processor(store, programme, clock, threads, limits, bell.ring)
        lanes = bootstrap.lanes_of(site, processor, stack.enter_context(Watchdog(site.handler_seconds)))
        tasks = [asyncio.create_task(lane.run(), name="lane") for lane in lanes]
        stack.push_async_callback(_ended, tasks, lanes)
        publishers = {
            sender: await stack.enter_async_context(Publisher(url, app_id="simulation")) for sender, url in urls.items()
        }
        renderer = bootstrap.renderer_of(site)
        mail = MailRelay(
            store, renderer, FolderTransport(site.mail_folder), clock, site.machine, site.lease_seconds,
            RecipientRules(site.programme.mails_per_recipient_hour, renderer.urgent),
            partial(with_links_opened, vault=programme.vault),
        )  # fmt: skip
        publish = PublishRelay(
            store, site.amqp_url.get_secret_value(), clock, leased_by=site.machine, lease_seconds=site.lease_seconds
        )
        stack.push_async_callback(publish.close)
        yield Stage(
            site, store, clock, publishers, {sender: urlsplit(url).username or "" for sender, url in urls.items()},
            Scheduler(store, programme, clock, site.machine),
            TreatmentsProjection(store, programme, clock, site.machine),
            mail, publish, WaitingRelay(processor, site.lease_seconds), programme.vault.sealing_key, Mailbox(site),
            patient_ids,
            lambda: next((one.exception() for one in tasks if one.done() and not one.cancelled()), None),
        )  # fmt: skip


async def _taken(tx: Transaction) -> int:
    return sum(int(row["number"]) for row in await tx.rows("inbox.counts"))


async def _ended(tasks: Sequence[asyncio.Task[None]], lanes: Sequence[Any]) -> None:
    for lane in lanes:
        lane.stop()
    _, late = await asyncio.wait(tasks, timeout=timedelta(seconds=10).total_seconds())
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
