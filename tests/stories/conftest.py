"""A place of its own for each story, on the session's RabbitMQ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import pytest

from tests.mail_sink import MailSink
from tests.site import site_on
from tests.stories.letters import PORTAL
from tests.stories.place import Place, place_on
from workers.services.rabbitmq import Broker

Settle = Callable[..., Awaitable[Place]]


@pytest.fixture
async def settle(
    rabbitmq: Broker, amqp_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Settle]:
    """Returns a site in full swing whose story begins at a moment; further settings by the names of their variables."""
    async with AsyncExitStack() as stack:

        async def settled(begins_at: datetime, **settings: str) -> Place:
            sink = await stack.enter_async_context(MailSink())
            site = site_on(rabbitmq, amqp_url, tmp_path)
            site.more |= {
                "PMP_TRANSPORT": "smtp",
                "PMP_SMTP_HOST": sink.host,
                "PMP_SMTP_PORT": str(sink.port),
                "PMP_PORTAL_URL": PORTAL,
                "PMP_PROGRAMME__MAILS_PER_RECIPIENT_HOUR": "30",
            } | settings
            for name, value in site.variables.items():
                monkeypatch.setenv(name, value)
            await site.declared()
            return await stack.enter_async_context(place_on(site, begins_at, sink))

        yield settled
