"""Everything up with one command: a broker found or started, topology declared, store migrated, all roles running."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from handlers.secrets import new_private_key
from messages.errors import Misconfigured, PmpError
from messages.registry import families
from workers import bootstrap
from workers.depths import depths
from workers.patience import migrated
from workers.services.private import Say
from workers.services.rabbitmq import private_rabbitmq
from workers.settings import Settings, masked
from workers.topology.declare import declare
from workers.topology.plan import plan

Server = TypeVar("Server")
LOCAL = Path(".local")
KEY_ID = "local"


async def up(settings: Settings, say: Say) -> None:
    """All roles run until SIGINT or SIGTERM. A broker started for them ends then; the next run finds what is in its queues.

    Raises:
        Misconfigured: no broker is to be had, or a setting is wrong.
    """
    is_private = not settings.amqp_url.get_secret_value()
    async with prepared(settings, say) as site:
        for line in whereabouts(site, is_private=is_private):
            say(line)
        await bootstrap.run(site, on_ready=lambda: say("Ready. Ctrl-C ends it."))
        say("Ending: what was taken is finished.")


@asynccontextmanager
async def prepared(settings: Settings, say: Say, *, local: Path = LOCAL) -> AsyncIterator[Settings]:
    """The settings of a site that is ready: broker and topology stand, the store is migrated, a sealing key is set.

    Args:
        settings: what is set; an empty ``amqp_url`` gets a private RabbitMQ for as long as the block runs.
        say: told what happens.
        local: where a generated sealing key, and what is in a private broker's queues, are kept for the next run.
    """
    async with with_broker(settings, say, kept=local / "rabbitmq") as placed:
        site = with_sealing_key(placed, local / "sealing-key")
        await declare(site.amqp_url.get_secret_value(), bootstrap.management_of(site), plan(families()))
        async with migrated(partial(bootstrap.open_store, site), site.store_patience_seconds):
            pass  # the first tables are made by one process
        yield site


@asynccontextmanager
async def with_broker(settings: Settings, say: Say, *, kept: Path | None = None) -> AsyncIterator[Settings]:
    """The settings with a broker in them: the one that is set, else one started for this block.

    Args:
        settings: what is set.
        say: told what happens.
        kept: where a started one keeps what is in its queues. Where it cannot, ``say`` is told how much goes with it.
    """
    if settings.amqp_url.get_secret_value():
        yield settings
        return
    with ExitStack() as stack:
        broker = await started(stack, private_rabbitmq(say, kept=kept))
        site = settings.model_copy(
            update={
                "amqp_url": SecretStr(broker.amqp_url),
                "management_url": SecretStr(broker.management_url or ""),
                "publishers": settings.publishers or {urlsplit(broker.amqp_url).username or "guest": ("*",)},
            }
        )
        try:
            yield site
        finally:
            if kept is not None and not broker.keeps:
                await say_what_goes(site, say)


async def say_what_goes(site: Settings, say: Say) -> None:
    """Whoever ends a broker that keeps nothing is told what was taken and goes with it; what the store holds stays."""
    with suppress(PmpError):  # an error of the block itself is the one to be told
        if number := sum(queue.depth or 0 for queue in await depths(site)):
            say(
                f"This broker keeps nothing: {number} messages that still were in its queues are lost. Publish them again."
            )


async def started(stack: ExitStack, server: AbstractContextManager[Server]) -> Server:
    """Start a server in a thread; a cancelled start is waited for, so that the stack can end the server."""
    starting = asyncio.ensure_future(asyncio.to_thread(stack.enter_context, server))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(PmpError, OSError):
            await starting
        raise


def with_sealing_key(settings: Settings, file: Path) -> Settings:
    """The settings with a sealing key: the one that is set, else the file's, made at the first run (R38)."""
    if settings.sealing_keys:
        return settings
    return settings.model_copy(update={"sealing_keys": {KEY_ID: SecretStr(_kept_key(file))}})


def _kept_key(file: Path) -> str:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Its readers are fixed at its making: no moment in which others could read it.
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as made:
            made.write(base64.b64encode(new_private_key()).decode())
    key = file.read_text().strip()
    try:
        size = len(base64.b64decode(key, validate=True))
    except ValueError:
        size = 0
    if size != 32:
        raise Misconfigured(f"{file} holds no sealing key; remove it, and the next run makes one.")
    return key


def whereabouts(site: Settings, *, is_private: bool) -> list[str]:
    """Say where things are; a password only when it is that of a private broker, which ends with this process."""
    url = site.amqp_url.get_secret_value()
    key = bootstrap.programme_of(site).vault.sealing_key
    mail = site.mail_folder if site.transport == "folder" else f"by {site.smtp_host}:{site.smtp_port}"
    elsewhere = f"PMP_AMQP_URL={url} PMP_MANAGEMENT_URL={site.management_url.get_secret_value()}"
    return [
        f"RabbitMQ:     {url if is_private else masked(url)}",
        *([f"Elsewhere:    export {elsewhere}"] if is_private else []),
        f"E-mails:      {mail}",
        f"Store:        {masked(site.store.get_secret_value())}",
        f"Sealing key:  {key.key_id} {base64.b64encode(key.public_key).decode()} (public; for portals)",
    ]
