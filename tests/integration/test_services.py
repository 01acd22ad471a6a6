"""Servers are found or started, keep their data over a restart, and never outlive whoever started them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from messages.errors import Misconfigured
from tests.servers import ask_management, processes_of, wait_until
from workers.services import private
from workers.services.postgres import Database, answers_postgres
from workers.services.rabbitmq import Broker, answers_amqp, private_rabbitmq

ROOT = Path(__file__).parents[2]

HOLD = """
import sys
from workers.services.{module} import {find}
with {find}(lambda line: None) as server:
    print(server.node.facts.get("amqp") or server.node.facts["url"], server.node.pid, flush=True)
    sys.stdin.read()
"""
BOTH = [("rabbitmq", "private_rabbitmq", answers_amqp), ("postgres", "postgres_server", answers_postgres)]
Answers = Callable[[str, int], bool]


async def test_the_broker_takes_a_message(amqp_url: str) -> None:
    """A published message comes back, on a vhost that is the test's own."""
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue = await channel.declare_queue("q", durable=True, arguments={"x-queue-type": "quorum"})
        await channel.default_exchange.publish(aio_pika.Message(b"hello"), "q")
        async with queue.iterator(timeout=10) as arrived:
            assert (await anext(arrived)).body == b"hello"


def test_management_answers(rabbitmq: Broker) -> None:
    """The management API is there, for the doctor."""
    assert b"rabbitmq_version" in ask_management(rabbitmq, "GET", "/api/overview")


@pytest.mark.timeout(180)
def test_a_private_broker_keeps_its_data_over_a_stop_and_a_kill(say: private.Say, no_addresses: None) -> None:
    """Port, node name and what was declared are the same after a stop and after a SIGKILL."""
    with private_rabbitmq(say) as broker:
        ask_management(broker, "PUT", "/api/queues/%2F/kept", b'{"durable": true}')
        for end in (broker.stop, broker.kill):
            end()
            assert not answers_amqp(*address_of(broker.amqp_url))
            broker.start()
            assert answers_amqp(*address_of(broker.amqp_url))
            assert b'"kept"' in ask_management(broker, "GET", "/api/queues/%2F/kept")


async def test_a_private_postgres_keeps_its_data_over_a_stop_and_a_kill(
    postgres: Database, fresh_postgres_url: str
) -> None:
    """What was committed is there after a stop and after a SIGKILL."""
    await run_sql(fresh_postgres_url, "CREATE TABLE kept (id integer)")
    server = postgres.started_here()
    for end in (server.stop, server.kill):
        end()
        assert not answers_postgres(*address_of(postgres.url))
        server.start()
        await run_sql(fresh_postgres_url, "SELECT id FROM kept")


@pytest.mark.parametrize(("module", "find", "answers"), BOTH)
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.timeout(180)
def test_a_server_ends_with_its_parent(
    module: str, find: str, answers: Answers, ending: signal.Signals, no_addresses: None, open_folder: Path
) -> None:
    """Killed or interrupted, the parent takes the server, its helpers and its folder with it."""
    parent = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(module=module, find=find)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(open_folder)},
    )
    with parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().split()[0]
        assert answers(*address_of(url))
        parent.send_signal(ending)
    wait_until(lambda: not list(open_folder.iterdir()) and not processes_of(open_folder), "nothing is left of it")
    assert not answers(*address_of(url))


@pytest.mark.timeout(180)
def test_two_brokers_run_side_by_side(say: private.Say, rabbitmq: Broker, no_addresses: None) -> None:
    """A second private broker shares nothing with the first, and its end leaves the first alone."""
    with private_rabbitmq(say) as second:
        assert second.amqp_url != rabbitmq.amqp_url
        assert answers_amqp(*address_of(second.amqp_url))
    assert answers_amqp(*address_of(rabbitmq.amqp_url))


def test_a_named_server_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address in the environment wins; such a server is not ours to stop."""
    monkeypatch.setenv("PMP_AMQP_URL", "amqp://broker.example.org/")
    said: list[str] = []
    with private_rabbitmq(said.append) as broker:
        assert broker.amqp_url == "amqp://broker.example.org/"
        assert said == ["RabbitMQ: the one in PMP_AMQP_URL"]
        with pytest.raises(Misconfigured, match="not ours to stop"):
            broker.stop()


def test_without_its_script_a_private_server_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, no_addresses: None, tmp_path: Path
) -> None:
    """An installed package has no deploy folder, and says so."""
    monkeypatch.setattr(private, "SCRIPTS", tmp_path)
    with (
        pytest.raises(Misconfigured, match="run from a checkout"),
        private.private_node("private-rabbitmq", print),
    ):
        pass


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that a user without rights can reach, as PostgreSQL must when root starts it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names no server."""
    monkeypatch.delenv("PMP_AMQP_URL", raising=False)
    monkeypatch.delenv("PMP_TEST_POSTGRES_URL", raising=False)


async def run_sql(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def address_of(url: str) -> tuple[str, int]:
    found = re.search(r"@([\w.]+):(\d+)", url)
    assert found is not None
    return found[1], int(found[2])
