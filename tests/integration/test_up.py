"""``pmp up`` as an operator has it: one command, a private broker, commands from another terminal, and an end without remains."""

from __future__ import annotations

import asyncio
import base64
import gzip
import http.client
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue

from tests.servers import processes_of, wait_until

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "samples" / "asap" / "accepted.clean.version-5.0.dat"
PMP = (sys.executable, "-c", "import sys; from workers.cli import main; sys.exit(main())")
END_SECONDS = 20


def environment(folder: Path, **more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name == "PMP_PRIVATE_RABBITMQ" or name[:4] != "PMP_"}
    return ours | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)} | more


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Mapping[str, str]]]:
    """``pmp up`` when it is ready, and the variables that it says other terminals need."""
    with subprocess.Popen(
        [*PMP, "up"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, env=environment(folder)
    ) as process:
        assert process.stdout is not None
        variables: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("Elsewhere:"):
                variables = dict(one.split("=", 1) for one in line.split() if "=" in one)
            if line.startswith("Ready."):
                break
        try:
            yield process, variables
        finally:
            process.kill()


def pmp(folder: Path, variables: Mapping[str, str], *argv: str) -> tuple[int, str]:
    done = subprocess.run(
        [*PMP, *argv], capture_output=True, text=True, check=False, cwd=folder, env=environment(folder, **variables)
    )
    return done.returncode, done.stdout


@pytest.mark.timeout(180)
def test_an_operator_works_beside_it_and_ctrl_c_ends_all(tmp_path: Path) -> None:
    """A gzipped file is taken, status and doctor answer, and nothing that was started outlives Ctrl-C."""
    file = tmp_path / "week.dat.gz"
    file.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    with running(tmp_path) as (process, variables):
        code, out = pmp(tmp_path, variables, "submit", str(file), "--json")
        report = json.loads(out)
        assert (code, report["verdict"], report["pharmacies"][0]["stored"]) == (0, "accepted", 3)
        plain = json.loads(pmp(tmp_path, variables, "submit", str(SAMPLE), "--json")[1])
        assert plain["transaction"] == report["transaction"]
        assert pmp(tmp_path, variables, "doctor")[0] == 0
        assert published_by_http(tmp_path, variables, "ticket.opened", "m1") == {"routed": True}
        wait_until(lambda: '"done"' in pmp(tmp_path, variables, "trace", "m1", "--json")[1], "the ticket is there")
        url = variables["PMP_AMQP_URL"]
        for wrong in (url.replace("guest@", "no-such-password@"), f"{url}no-such-vhost"):
            assert pmp(tmp_path, {"PMP_AMQP_URL": wrong}, "submit", str(SAMPLE))[0] == 78
        code, out = pmp(tmp_path, variables, "status", "--json")
        queues = json.loads(out)["queues"]
        assert (code, {queue["consumers"] for queue in queues}) == (0, {1})
        assert pmp(tmp_path, variables, "reconcile")[0] == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(END_SECONDS) == 0
    assert_nothing_is_left(tmp_path)


@pytest.mark.timeout(240)
def test_what_is_in_its_queues_is_found_by_the_next(tmp_path: Path) -> None:
    """A message that RabbitMQ confirmed is not lost with the process; its folder is one node's at a time.

    The broker ends with the process also by SIGKILL, which no process can answer; ``test_services`` has what it keeps then.
    """
    with running(tmp_path) as (process, variables):
        asyncio.run(left_in_queue(variables["PMP_AMQP_URL"], b"before Ctrl-C"))
        assert pmp(tmp_path, {}, "up")[0] == 78
        process.send_signal(signal.SIGINT)
        assert process.wait(END_SECONDS) == 0
    assert_nothing_runs(tmp_path)
    assert stat.S_IMODE((tmp_path / ".local" / "rabbitmq").stat().st_mode) == 0o700
    with running(tmp_path) as (process, variables):
        assert asyncio.run(taken_from_queue(variables["PMP_AMQP_URL"])) == b"before Ctrl-C"
        process.kill()
    assert_nothing_runs(tmp_path)


def published_by_http(folder: Path, variables: Mapping[str, str], kind: str, message_id: str) -> object:
    """A message made in a portal without AMQP, of nothing but what ``pmp kinds show`` says."""
    shown = json.loads(pmp(folder, {}, "kinds", "show", kind, "--json")[1])
    properties = {one["name"]: one["value"] for one in shown["properties"] if one["required"]}
    there = urlsplit(variables["PMP_MANAGEMENT_URL"])
    own = {"message_id": message_id, "user_id": there.username, "delivery_mode": 2}
    given = {name: properties[name] for name in ("type", "content_type")} | own
    body = {"properties": given, "routing_key": properties["routing key"], "payload": json.dumps(shown["sample"])}
    login = base64.b64encode(f"{there.username}:{there.password}".encode()).decode()
    with closing(http.client.HTTPConnection(there.hostname or "", there.port)) as connection:
        connection.request(
            "POST", f"/api/exchanges/%2F/{properties['exchange']}/publish",
            json.dumps(body | {"payload_encoding": "string"}), {"Authorization": f"Basic {login}"},
        )  # fmt: skip
        return json.loads(connection.getresponse().read())


async def left_in_queue(url: str, body: bytes) -> None:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        await no_workers_queue(channel)
        persistent = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(persistent, "left")


async def taken_from_queue(url: str) -> bytes:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        message = await (await no_workers_queue(channel)).get(timeout=10, no_ack=True)
        assert message is not None
        return message.body


async def no_workers_queue(channel: AbstractChannel) -> AbstractQueue:
    """What is published to it is still there when the workers end."""
    return await channel.declare_queue("left", durable=True, arguments={"x-queue-type": "quorum"})


def assert_nothing_is_left(folder: Path) -> None:
    """No process and no folder of a broker."""
    assert_nothing_runs(folder)
    wait_until(lambda: not any(folder.glob("pmp-rabbitmq-*")), "no folder is left of it")


def assert_nothing_runs(folder: Path) -> None:
    wait_until(lambda: not processes_of(folder), "nothing of it runs")
