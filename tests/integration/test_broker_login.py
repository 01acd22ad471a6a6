"""A broker that refuses us is told from one that is away: at the start the process ends (78), later it waits and says so."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from messages.errors import Misconfigured
from tests.servers import ask_management
from tests.site import Site, example_ticket, site_on, until
from tests.tcp_proxy import TcpProxy
from workers.client import Publisher
from workers.services.rabbitmq import Broker

PMP = "import sys; from workers.cli import main; sys.exit(main())"


@pytest.fixture
async def site(rabbitmq: Broker, amqp_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    site = await site_on(rabbitmq, amqp_url, tmp_path).declared()
    yield site
    await site.stop_all()


def wrong(amqp_url: str, what: str) -> str:
    """The address with a password, or a virtual host, that the broker refuses."""
    if what == "login":
        parts = urlsplit(amqp_url)
        return urlunsplit(parts._replace(netloc=f"{parts.username}:hunter2@{parts.hostname}:{parts.port}"))
    return f"{amqp_url}-nowhere"


@pytest.mark.parametrize("role", ["worker", "relay", "run"])
@pytest.mark.parametrize("what", ["login", "virtual host"])
async def test_a_role_that_is_refused_at_the_start_ends_with_78(site: Site, role: str, what: str) -> None:
    """The sentence says which part of the address to mend, and does not show the password."""
    variables = os.environ | site.variables | {"PMP_AMQP_URL": wrong(site.amqp_url, what)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PMP, role, env=variables, stderr=asyncio.subprocess.PIPE, cwd=site.folder
    )
    _, told = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 78
    assert f"the broker refuses the {what} of the AMQP URL" in told.decode()
    assert "hunter2" not in told.decode()


@pytest.mark.parametrize("what", ["login", "virtual host"])
async def test_a_publisher_that_is_refused_is_told_so(site: Site, what: str) -> None:
    """Asking again cannot help: it is not taken for a broker that is away."""
    with pytest.raises(Misconfigured, match=f"refuses the {what}"):
        async with Publisher(wrong(site.amqp_url, what), app_id="portal"):
            pass


async def test_a_password_changed_under_a_running_worker_is_waited_for(site: Site, rabbitmq: Broker) -> None:
    """It says that it is refused, takes nothing meanwhile, and goes on by itself when the login is good again."""
    parts = urlsplit(site.amqp_url)
    vhost = parts.path.removeprefix("/")
    user = f"{vhost}-worker"

    async def ask(method: str, path: str, body: object = None) -> bytes:
        content = None if body is None else json.dumps(body).encode()
        return await asyncio.to_thread(ask_management, rabbitmq, method, path, content)

    async def password(word: str) -> None:
        await ask("PUT", f"/api/users/{user}", {"password": word, "tags": "management"})

    await password("hunter1")
    try:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        await ask("PUT", f"/api/permissions/{vhost}/{user}", rights)
        async with TcpProxy(parts.hostname or "localhost", parts.port or 5672) as line:
            url = urlunsplit(parts._replace(netloc=f"{user}:hunter1@127.0.0.1:{line.port}"))
            process = await site.start("worker", amqp_url=url)
            await password("hunter2")
            line.cut_all()
            await until(lambda: "broker_refuses_us" in site.log(), "the worker says that it is refused")
            assert "connection_lost" in site.log(), "it was refused before it had been let in"
            async with Publisher(site.amqp_url, app_id="portal") as portal:
                await portal.publish(example_ticket("t1"))
            await password("hunter1")
            await until(lambda: site.counted.tickets() == ["t1"], "the worker is back")
            assert await site.stop(process) == 0
            assert "hunter" not in site.log()
    finally:
        await ask("DELETE", f"/api/users/{user}")
