"""A running site for tests: its own vhost and store, as a process that can be killed; counts straight from its store.

``python -m tests.site`` is the process: the real ``bootstrap.run`` with the settings from the environment. A ticket whose
subject is ``KILLER`` ends that process at once, as a crash in a library would; an answer that is ``STUCK`` never ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from handlers import ticket
from handlers.outcomes import Done
from handlers.secrets import new_private_key
from messages.registry import families
from messages.ticket import TicketOpened
from workers import bootstrap, logs
from workers.services.rabbitmq import Broker
from workers.settings import Settings, load_settings
from workers.topology.declare import declare
from workers.topology.plan import plan

KILLER = "This ends the process"
STUCK = "This never ends"
SEALING_KEY = base64.b64encode(new_private_key()).decode()


def example_ticket(name: str, *, subject: str = "A question") -> TicketOpened:
    """A ticket that is accepted."""
    return TicketOpened(
        ticket_id=name,
        category="low",
        requester_name="Bo Lee",
        requester_email="bo@example.org",
        subject=subject,
        description="It does not open.",
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts straight from a store, a SQLite file or a PostgreSQL database; shares no code with the workers."""

    path: Path | str

    def number(self, query: str, *values: object) -> int:
        """The single number that a query returns."""
        return int(self.rows(query, *values)[0][0])

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query, whose values stand as question marks."""
        if is_server(self.path):
            with ThreadPoolExecutor(1) as aside:  # the test's own loop is running
                return aside.submit(asyncio.run, _fetched(str(self.path), query, values)).result(30)
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def states(self) -> dict[str, int]:
        """How many messages stand in each state."""
        return dict(self.rows("SELECT state, count(*) FROM inbox GROUP BY state"))

    def tickets(self) -> list[str]:
        """The names of all tickets, sorted; one that had its effect twice would stand here twice."""
        return [row[0] for row in self.rows("SELECT ticket_id FROM tickets ORDER BY ticket_id")]

    def dead(self) -> list[str]:
        """The codes of all dead letters, oldest first."""
        return [row[0] for row in self.rows("SELECT code FROM dead_letters ORDER BY no")]

    def staged(self, name: str) -> int:
        """How many rows of this name were ever written to leave."""
        return self.number("SELECT count(*) FROM outbox WHERE name = ?", name)


def is_server(store: Path | str) -> bool:
    """Whether this is the address of a PostgreSQL database."""
    return str(store).startswith("postgres")


async def _fetched(url: str, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    numbers = count(1)
    connection = await asyncpg.connect(url)
    try:
        return [
            tuple(row) for row in await connection.fetch(re.sub(r"\?", lambda _: f"${next(numbers)}", query), *values)
        ]
    finally:
        await connection.close()


async def until(condition: Callable[[], bool], what: str, *, seconds: float = 30) -> None:
    """Return as soon as the condition holds; after the deadline the test fails and says what was missing."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.05)


@dataclass(slots=True)
class Site:
    """One vhost, one store, and processes on them."""

    amqp_url: str
    management_url: str
    folder: Path
    store: str
    more: dict[str, str] = field(default_factory=dict)
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def counted(self) -> Counted:
        """What stands in the store."""
        return Counted(self.store)

    @property
    def publishers(self) -> dict[str, tuple[str, ...]]:
        """The user of this site's address may send everything."""
        return {urlsplit(self.amqp_url).username or "guest": ("*",)}

    @property
    def variables(self) -> dict[str, str]:
        """The settings of its processes: without the management API, whose statistics say nothing of a new vhost for 10 s."""
        return {
            "PMP_AMQP_URL": self.amqp_url,
            "PMP_STORE": self.store,
            "PMP_MAIL_FOLDER": str(self.folder / "mail"),
            "PMP_SEALING_KEYS": f'{{"k1": "{SEALING_KEY}"}}',
            "PMP_PUBLISHERS": json.dumps(self.publishers),
            "PMP_PROGRAMME__MAILS_PER_RECIPIENT_HOUR": "1000000",  # a test's tickets are all one person's
        } | self.more

    def settings(self) -> Settings:
        """The same settings for this process."""
        return load_settings(
            amqp_url=self.amqp_url,
            management_url=self.management_url,
            store=self.store,
            mail_folder=self.folder / "mail",
            sealing_keys={"k1": SEALING_KEY},
            publishers=self.publishers,
        )

    async def declared(self) -> Site:
        """The broker has every queue of the site."""
        await declare(self.amqp_url, bootstrap.management_of(self.settings()), plan(families()))
        return self

    async def launch(
        self, *roles: str, amqp_url: str | None = None, struck: str | None = None
    ) -> asyncio.subprocess.Process:
        """A process of this site has begun, all roles when none is named; what is to end it may do so before it is ready.

        ``struck``: see tests/fault/struck.py.
        """
        variables = os.environ | self.variables | ({"PMP_AMQP_URL": amqp_url} if amqp_url else {})
        module = "tests.site" if struck is None else "tests.fault.struck"
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *roles, env=variables | {"STRUCK": struck or ""}, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    async def start(
        self, *roles: str, amqp_url: str | None = None, struck: str | None = None
    ) -> asyncio.subprocess.Process:
        """The same, and it is ready."""
        process = await self.launch(*roles, amqp_url=amqp_url, struck=struck)
        ready = self.folder / f"ready-{process.pid}"
        await until(lambda: ready.exists() or process.returncode is not None, "the process is ready")
        assert ready.exists(), self.log()[-2000:]
        return process

    def log(self) -> str:
        """What its processes have logged."""
        return (self.folder / "log").read_text()

    def logged(self, event: str, **fields: str) -> list[dict[str, Any]]:
        """The log's lines of this event with these fields, of all its processes; one that is being written is not there yet."""
        whole = [line for line in self.log().splitlines(keepends=True) if line.startswith("{") and line.endswith("}\n")]
        lines = [json.loads(line) for line in whole]
        return [line for line in lines if {"event": event, **fields}.items() <= line.items()]

    def is_asleep(self, process: asyncio.subprocess.Process) -> bool:
        """Whether the process is stopped by a signal (proc(5): state T)."""
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    async def ended(self, process: asyncio.subprocess.Process) -> int:
        """The process has ended by itself; its exit code."""
        return await asyncio.wait_for(process.wait(), 40)

    async def stop(self, process: asyncio.subprocess.Process, number: signal.Signals = signal.SIGTERM) -> int:
        """The process got the signal and has ended; its exit code."""
        if process.returncode is None:
            process.send_signal(number)
        return await self.ended(process)

    async def pmp(self, *argv: str) -> tuple[int, str]:
        """What the command ``pmp`` returns and prints."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import sys; from workers.cli import main; sys.exit(main())", *argv,
            env=os.environ | self.variables, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, _ = await asyncio.wait_for(process.communicate(), 30)
        return process.returncode or 0, told.decode()

    async def stop_all(self) -> None:
        """None of its processes runs any more."""
        for process in self.processes:
            await self.stop(process, signal.SIGKILL)


def site_on(broker: Broker, amqp_url: str, folder: Path, store: str | None = None) -> Site:
    """A site on this vhost, with a store of its own in this folder when none is named; nothing runs yet."""
    assert broker.management_url is not None
    return Site(amqp_url, broker.management_url, folder, store or str(folder / "pmp.db"))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another connection holds the store's write lock."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def _with_killer() -> None:
    opened, answered = ticket.opened, ticket.answered

    async def opened_or_killed(work: Any) -> Any:
        if work.message.subject == KILLER:
            os._exit(9)
        return await opened(work)

    async def answered_or_stuck(work: Any) -> Any:
        outcome = await answered(work)
        while work.message.answer == STUCK and isinstance(outcome, Done):
            pass
        return outcome

    ticket.opened, ticket.answered = opened_or_killed, answered_or_stuck


def main(roles: Sequence[str]) -> None:
    """Run until SIGTERM; a file ``ready-<pid>`` beside the mail folder tells when the process has started."""
    logs.configure()
    _with_killer()
    chosen: Any = roles or bootstrap.ROLES
    settings = load_settings()
    ready = settings.mail_folder.parent / f"ready-{os.getpid()}"
    asyncio.run(bootstrap.run(settings, chosen, on_ready=ready.touch))


if __name__ == "__main__":
    main(sys.argv[1:])
