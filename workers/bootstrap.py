"""The one place where concrete parts are chosen and put together."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

import structlog

from handlers.links import with_links_opened
from handlers.publishers import Publishers
from handlers.registry import handlers
from handlers.rules.roles import load_roles
from handlers.secrets import Vault
from handlers.sweeps.sweep import sweeps
from handlers.work import Programme
from messages.codec import Limits
from messages.errors import Misconfigured
from messages.registry import families
from notifier.folder import FolderTransport
from notifier.render import Renderer, Sender
from notifier.sender import WARRANTY
from notifier.smtp import SmtpSettings, SmtpTransport
from notifier.transport import Transport
from store.audit import Operator
from store.contract import Store, is_postgres
from store.dead_letters import Origin, Reason
from store.postgres import open_postgres
from store.recipients import RecipientRules
from store.sqlite import open_sqlite
from workers.broker import to_envelope
from workers.consumer import Lane, LaneSettings
from workers.deliveries import Delivered
from workers.patience import migrated
from workers.process import Delivery, Processor
from workers.projection import TreatmentsProjection
from workers.relay.loop import Bell, until_stopped
from workers.relay.mail import MailRelay
from workers.relay.publish import PublishRelay
from workers.relay.waiting import WaitingRelay
from workers.scheduler import Scheduler
from workers.settings import Settings
from workers.topology.connecting import refuse_wrong_login
from workers.topology.doctor import Examination, examine, refuse_to_start
from workers.topology.management import Management, vhost_of
from workers.topology.plan import DEAD, FILES, UNROUTED, plan, queues_of
from workers.troubles import Troubles
from workers.watchdog import Watchdog

log = structlog.get_logger("pmp")

Role = Literal["worker", "relay", "scheduler"]
ROLES: tuple[Role, ...] = ("worker", "relay", "scheduler")
_FILES_HELD = 16
"""Most have some dozens of records: eight to a transaction cost a fifth less than two. Each may be 15 MiB, though."""


def now() -> datetime:
    """The only clock that the processes read."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the store that the settings name; it is closed at the end."""
    where = settings.store.get_secret_value()
    store: Store
    if is_postgres(where):
        store = await open_postgres(where)
    else:
        store = await open_sqlite(Path(where))
    try:
        yield store
    finally:
        await store.close()


def programme_of(settings: Settings) -> Programme:
    """Return what handlers and sweeps know of the programme."""
    return Programme(
        settings.programme,
        Vault(settings.private_keys()),
        settings.administrators,
        settings.submitters,
        roles=load_roles(settings.roles_file),
        publishers=Publishers(settings.publishers),
        audit_key=settings.audit_key_bytes(),
        on_call=settings.on_call,
        programme_manager=settings.programme_manager or None,
    )


def operator_of(settings: Settings) -> Operator:
    """Return the person at this command line, whose acts are written down (R60)."""
    return Operator(settings.operator, settings.audit_key_bytes())


def renderer_of(settings: Settings) -> Renderer:
    """Return the renderer with the programme's sender and the site's own templates."""
    sender = Sender(
        from_address=settings.mail_from,
        from_name=settings.mail_from_name,
        contact_name=settings.contact_name,
        contact_email=settings.contact_email,
        contact_phone=settings.contact_phone,
        programme_name=settings.programme_name,
        programme_short=settings.programme_short,
        portal_url=settings.portal_url,
        reply_to=settings.mail_reply_to or None,
        language=settings.mail_language,
        disclaimer=settings.disclaimer or WARRANTY,
        list_id_domain=settings.mail_domain or None,
        message_id_domain=settings.mail_domain or None,
    )
    return Renderer(sender, overrides=settings.template_folder)


def transport_of(settings: Settings) -> Transport:
    """Return where e-mails go."""
    if settings.transport == "folder":
        return FolderTransport(settings.mail_folder)
    return SmtpTransport(
        SmtpSettings(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            ca_file=settings.smtp_ca_file,
            local_hostname=settings.smtp_local_hostname or None,
            connections=settings.smtp_connections,
        )
    )


def management_of(settings: Settings) -> Management | None:
    """Return the management API, when the settings name it."""
    url = settings.management_url.get_secret_value()
    return Management(url, vhost_of(settings.amqp_url.get_secret_value())) if url else None


async def run(
    settings: Settings, roles: Collection[Role] = ROLES, *, on_ready: Callable[[], None] | None = None
) -> None:
    """Run the roles until SIGTERM or SIGINT, then finish what was taken, within the drain deadline.

    ``on_ready`` is called when all roles are at work: a worker, once the broker knows it as a consumer of every queue.

    Raises:
        Misconfigured: a setting, a handler, a template or the broker's topology is wrong; nothing was taken.
    """
    handlers(), sweeps()
    renderer = _checked(renderer_of(settings)) if "relay" in roles else None
    settings.programme.holidays.get(now().date())  # the first look makes the year's table; not inside a transaction
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            migrated(partial(open_store, settings), settings.store_patience_seconds)
        )
        threads = stack.enter_context(ThreadPoolExecutor(max_workers=2, thread_name_prefix="prepare"))
        bell, stopping = Bell(), asyncio.Event()
        processor = _processor(settings, store, threads, bell)
        stack.enter_context(_signals(stopping))
        if "worker" in roles or "relay" in roles:
            await refuse_wrong_login(settings.amqp_url.get_secret_value())
        if "worker" in roles:
            if not processor.programme.publishers:
                raise Misconfigured("Nobody may send anything: name the broker users and their kinds (PMP_PUBLISHERS).")
            await refuse_bad_topology(settings)
        watchdog = stack.enter_context(Watchdog(settings.handler_seconds))
        troubles = Troubles(store, now, settings.machine)
        living = partial(until_stopped, bell=bell, stopping=stopping, troubles=troubles)
        lanes = lanes_of(settings, processor, watchdog) if "worker" in roles else []
        tasks = [asyncio.create_task(lane.run(), name="lane") for lane in lanes]
        if renderer is not None:
            tasks += await _relays(settings, processor, renderer, watchdog, living, stack)
        if "scheduler" in roles:
            scheduler = Scheduler(store, processor.programme, now, settings.machine, bell.ring)
            tasks.append(asyncio.create_task(scheduler.run(stopping)))
            projection = TreatmentsProjection(store, processor.programme, now, settings.machine)
            tasks.append(asyncio.create_task(living("treatments", projection.turn, poll_seconds=5.0)))
        ready = asyncio.create_task(told_ready(roles, lanes, on_ready))
        stack.callback(ready.cancel)
        await _until_done(tasks, lanes, stopping, settings.drain_seconds)


def _processor(settings: Settings, store: Store, threads: ThreadPoolExecutor, bell: Bell) -> Processor:
    return Processor(
        store=store,
        programme=programme_of(settings),
        clock=now,
        threads=threads,
        limits=Limits(json_bytes_max=settings.json_bytes_max, file_bytes_max=settings.file_bytes_max),
        woken=bell.ring,
    )


async def refuse_bad_topology(settings: Settings) -> None:
    """Refuse to start on a broker that would lose messages."""
    findings = await examine(
        plan(families()),
        settings.amqp_url.get_secret_value(),
        management_of(settings),
        Examination(
            handler_budget_seconds=settings.handler_seconds,
            body_bytes_max=0,  # a heavy canary stops no worker and would leave 30 MiB of holes in it: that one is the doctor's
            probe_permissions=False,
        ),
    )
    refuse_to_start(findings)


def lanes_of(settings: Settings, processor: Processor, watchdog: Watchdog) -> list[Lane]:
    """Return one lane per queue of this site, and one each for what the broker gave up or could not route."""
    url = settings.amqp_url.get_secret_value()
    queues = sorted({queue for family in families() for queue in queues_of(family)})

    async def handle(batch: Sequence[Delivered]) -> None:
        with watchdog.limit():
            await processor.process([Delivery(to_envelope(one), one.redelivered) for one in batch])

    def bury(origin: Origin, reason: Reason) -> Callable[[Sequence[Delivered]], object]:
        async def handle_dead(batch: Sequence[Delivered]) -> None:
            for one in batch:
                await processor.bury(to_envelope(one), reason, origin=origin, attempts=1)

        return handle_dead

    troubles = Troubles(processor.store, processor.clock, settings.machine)
    lanes = []
    for queue in queues:
        held = _FILES_HELD if queue == FILES else settings.prefetch
        lanes.append(Lane(url, LaneSettings(queue, held), handle, troubles))
    given_up = Reason("delivery_limit", "The broker gave it up: it came back unacknowledged too often.")
    unrouted = Reason("unknown_kind", "No queue takes messages of this kind (property type, routing key).", "type")
    lanes.append(Lane(url, LaneSettings(DEAD, 50), bury("broker", given_up), troubles))  # type: ignore[arg-type]
    lanes.append(Lane(url, LaneSettings(UNROUTED, 50), bury("unrouted", unrouted), troubles))  # type: ignore[arg-type]
    return lanes


def _checked(renderer: Renderer) -> Renderer:
    renderer.check()
    return renderer


async def _relays(
    settings: Settings,
    processor: Processor,
    renderer: Renderer,
    watchdog: Watchdog,
    living: Callable[[str, Callable[[], Awaitable[int]]], Coroutine[None, None, None]],
    stack: AsyncExitStack,
) -> list[asyncio.Task[None]]:
    store = processor.store
    transport = await stack.enter_async_context(transport_of(settings))
    mail = MailRelay(
        store, renderer, transport, now, settings.machine, settings.lease_seconds,
        RecipientRules(settings.programme.mails_per_recipient_hour, renderer.urgent),
        partial(with_links_opened, vault=processor.programme.vault),
    )  # fmt: skip
    publish = PublishRelay(
        store, settings.amqp_url.get_secret_value(), now,
        leased_by=settings.machine, lease_seconds=settings.lease_seconds,
    )  # fmt: skip
    stack.push_async_callback(publish.close)
    waiting = WaitingRelay(processor, settings.lease_seconds, watchdog.limit)
    turns = {"mail": mail.turn, "publish": publish.turn, "waiting": waiting.turn}
    return [asyncio.create_task(living(name, turn)) for name, turn in turns.items()]


async def told_ready(roles: Collection[Role], lanes: Sequence[Lane], on_ready: Callable[[], None] | None) -> None:
    """Say that the process is ready once every lane consumes: a login changed a moment after that meets a worker at work."""
    for lane in lanes:
        await lane.consuming.wait()
    log.info("started", role=" ".join(roles), how=type(asyncio.get_running_loop()).__module__.partition(".")[0])
    if on_ready is not None:
        on_ready()


@contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _until_done(
    tasks: Sequence[asyncio.Task[None]], lanes: Sequence[Lane], stopping: asyncio.Event, drain_seconds: float
) -> None:
    """Wait for the stop, then drain within the deadline; the first task that fails stops everything."""
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        for lane in lanes:
            lane.stop()
        _, late = await asyncio.wait(tasks, timeout=drain_seconds) if tasks else (set(), set())
        for task in late:
            log.warning("drain_deadline_passed")
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result
    finally:
        stop.cancel()
