"""A place of its own for each story, on the session's RabbitMQ."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import pytest

from handlers.publishers import Publishers
from tests.mail_sink import MailSink
from tests.site import Site, site_on
from tests.stories.letters import PORTAL
from tests.stories.place import Place, place_on
from workers.services.rabbitmq import Broker
from workers.topology.definitions import permissions_of
from workers.topology.management import Management, vhost_of
from workers.topology.users import publisher

_PASSWORD = "made-up"


class Settle(Protocol):
    """Opens a site whose story begins at a moment.

    ``senders`` are further broker users and the kinds that each may send (R61); ``settings`` are further variables.
    """

    async def __call__(
        self, begins_at: datetime, *, senders: Mapping[str, Sequence[str]] | None = None, **settings: str
    ) -> Place: ...


@pytest.fixture
async def settle(
    rabbitmq: Broker, amqp_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Settle]:
    """A site in full swing on a SQLite file, gone when the story has ended."""
    async with _settling(rabbitmq, amqp_url, tmp_path, monkeypatch, store=None) as settle:
        yield settle


@pytest.fixture
async def settle_on_postgres(
    rabbitmq: Broker, amqp_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_postgres_url: str
) -> AsyncIterator[Settle]:
    """The same on PostgreSQL."""
    async with _settling(rabbitmq, amqp_url, tmp_path, monkeypatch, store=fresh_postgres_url) as settle:
        yield settle


@asynccontextmanager
async def _settling(
    broker: Broker, amqp_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, store: str | None
) -> AsyncIterator[Settle]:
    async with AsyncExitStack() as stack:

        async def settled(
            begins_at: datetime, *, senders: Mapping[str, Sequence[str]] | None = None, **settings: str
        ) -> Place:
            sink = await stack.enter_async_context(MailSink())
            site = site_on(broker, amqp_url, folder, store)
            table = {**site.publishers, **{user: tuple(kinds) for user, kinds in (senders or {}).items()}}
            site.more |= {
                "PMP_TRANSPORT": "smtp",
                "PMP_SMTP_HOST": sink.host,
                "PMP_SMTP_PORT": str(sink.port),
                "PMP_PORTAL_URL": PORTAL,
                "PMP_PUBLISHERS": json.dumps(table),
                "PMP_AUDIT_KEY": "of this story alone",
                "PMP_PROGRAMME__MAILS_PER_RECIPIENT_HOUR": "30",
            } | settings
            for name, value in site.variables.items():
                monkeypatch.setenv(name, value)
            await site.declared()
            addresses = {user: await _let_in(user, Publishers(table), site, stack) for user in senders or {}}
            return await stack.enter_async_context(place_on(site, begins_at, sink, addresses))

        yield settled


async def _let_in(user: str, table: Publishers, site: Site, stack: AsyncExitStack) -> str:
    """The broker knows the user, with the permissions that the table of publishers makes; how it connects."""
    management = Management(site.management_url, vhost_of(site.amqp_url))
    await management.ask("PUT", f"users/{user}", body={"password": _PASSWORD, "tags": ""})
    stack.push_async_callback(management.ask, "DELETE", f"users/{user}")
    allowed = permissions_of([publisher(user, "", table.kinds_of(user))], vhost=management.vhost)
    await management.ask("POST", "definitions", body=allowed)
    parts = urlsplit(site.amqp_url)
    return urlunsplit(parts._replace(netloc=f"{user}:{_PASSWORD}@{parts.hostname}:{parts.port}"))
