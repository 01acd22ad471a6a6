"""A PostgreSQL that lets us in no more is waited for by every role; at the start it is the site's fault (78)."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tests.fault.load import accounted, publish, settled, tickets
from tests.site import site_on, until
from workers.services.rabbitmq import Broker

Ask = Callable[[str], Awaitable[None]]


@pytest.fixture
async def owner(fresh_postgres_url: str) -> AsyncIterator[tuple[Ask, str]]:
    """Whoever owns the server, and the address of a user of the site's own; ``{user}`` and ``{database}`` stand for names."""
    parts, user = urlsplit(fresh_postgres_url), f"pmp_{uuid.uuid4().hex[:12]}"
    names = {"user": user, "database": parts.path.removeprefix("/")}
    connection = await asyncpg.connect(fresh_postgres_url)

    async def ask(statement: str) -> None:
        await connection.execute(statement.format(**names))

    await ask("CREATE USER {user} PASSWORD 'hunter2'")
    await ask("GRANT ALL ON SCHEMA public TO {user}")
    place = (parts.netloc.rpartition("@")[2]) or ""
    try:
        yield ask, urlunsplit(parts._replace(netloc=f"{user}:hunter2@{place}"))
    finally:
        await ask("DROP OWNED BY {user}")
        await ask("DROP USER {user}")
        await connection.close()


THROWN_OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'"


@pytest.mark.parametrize(
    ("broken", "mended", "sentence"),
    [
        ("ALTER USER {user} NOLOGIN", "ALTER USER {user} LOGIN", "refuses the login of PMP_STORE"),
        (
            "ALTER USER {user} CONNECTION LIMIT 0",
            "ALTER USER {user} CONNECTION LIMIT -1",
            "has no connection left for us",
        ),
        (
            'ALTER DATABASE "{database}" SET default_transaction_read_only = on',
            'ALTER DATABASE "{database}" RESET default_transaction_read_only',
            "takes no writes",
        ),
    ],
)
async def test_a_store_that_refuses_us_is_waited_for(
    rabbitmq: Broker, amqp_url: str, tmp_path: Path, owner: tuple[Ask, str], broken: str, mended: str, sentence: str
) -> None:
    """Each role says why in one sentence, goes on by itself when it is mended, and no message is dead for it."""
    ask, url = owner
    site = await site_on(rabbitmq, amqp_url, tmp_path, url).declared()
    load = tickets(20)
    try:
        process = await site.start()
        await ask(broken)
        await ask(THROWN_OUT)
        await publish(site.amqp_url, load)

        def have_said(event: str) -> bool:
            return any(sentence in line["reason"] for line in site.logged(event))

        await until(lambda: have_said("store_away") and have_said("relay_waits"), "lane and relay say why they wait")
        assert process.returncode is None
        await ask(mended)
        await ask(THROWN_OUT)
        await until(lambda: settled(site.counted) == len(load), "all are settled")
        assert site.counted.states() == {"done": len(load)}
        assert "hunter2" not in site.log()
        await accounted(site, len(load))
    finally:
        await site.stop_all()


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("ALTER USER {user} NOLOGIN", "refuses the login of PMP_STORE"),
        ("REVOKE ALL ON SCHEMA public FROM {user}", "lets the user of PMP_STORE make no tables"),
        ("REVOKE CREATE ON SCHEMA public FROM {user}", "lets the user of PMP_STORE make no tables"),
    ],
)
async def test_a_store_that_refuses_us_at_the_start_is_the_sites_fault(
    rabbitmq: Broker, amqp_url: str, tmp_path: Path, owner: tuple[Ask, str], broken: str, sentence: str
) -> None:
    """Nothing runs, and the sentence says what to mend."""
    ask, url = owner
    await ask("REVOKE ALL ON SCHEMA public FROM public")
    await ask(broken)
    site = site_on(rabbitmq, amqp_url, tmp_path, url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys; from workers.cli import main; sys.exit(main())", "scheduler",
        env=os.environ | site.variables, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, told = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 78
    assert f"pmp: PostgreSQL {sentence}" in told.decode()
    assert "hunter2" not in told.decode()
