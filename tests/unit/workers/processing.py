"""A processor on a real store, its clock in the test's hands, and messages to bring it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.work import Programme
from messages.codec import Limits, encode
from messages.envelope import Envelope
from messages.message import Message
from messages.registration import Applicant, Consent, RegistrationSubmitted, RegistrationWithdrawn
from store.sqlite import SqliteStore
from tests.site import Counted, example_ticket
from tests.stores import sqlite_store
from workers.process import Delivery, Processor
from workers.relay.waiting import WaitingRelay

BEGIN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Bench:
    """A processor on a real store, its clock in our hands."""

    store: SqliteStore
    processor: Processor
    clock: Clock
    counted: Counted
    names: int = field(default=0)

    async def take(self, *envelopes: Envelope, redelivered: bool = False) -> None:
        await self.processor.process([Delivery(one, redelivered) for one in envelopes])

    async def wait_turn(self, **by: float) -> int:
        """The time passes and what is due has its turn."""
        self.clock.later(**by)
        return await WaitingRelay(self.processor, 120).turn()

    def answers(self) -> list[tuple[str, str]]:
        """(status, code) of every answer written, oldest first."""
        return [
            (row[0], row[1] or "")
            for row in self.counted.rows(
                "SELECT facts ->> 'status', facts ->> 'code' FROM outbox WHERE channel = 'answer' ORDER BY no"
            )
        ]

    def refuse_tickets_like(self, name: str) -> None:
        """From now on the store itself fails on tickets of this name."""
        with closing(sqlite3.connect(self.counted.path)) as connection:
            connection.execute(
                f"CREATE TRIGGER bad BEFORE INSERT ON tickets WHEN new.ticket_id LIKE '{name}' "
                "BEGIN SELECT RAISE(ABORT, 'bad ticket'); END"
            )

    def mend(self) -> None:
        with closing(sqlite3.connect(self.counted.path)) as connection:
            connection.execute("DROP TRIGGER bad")


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
async def bench(tmp_path: Path, threads: ThreadPoolExecutor) -> AsyncIterator[Bench]:
    clock = Clock()
    programme = Programme(
        Policy(),
        Vault({"k1": new_private_key()}),
        ("administrators@example.org",),
        publishers=Publishers({"portal": ("*",), "clerk": ("ticket.*",)}),
    )
    async with sqlite_store(tmp_path / "pmp.db") as store:
        processor = Processor(store, programme, clock, threads, Limits(json_bytes_max=20_000))
        yield Bench(store, processor, clock, Counted(tmp_path / "pmp.db"))


def enveloped(message: Message, message_id: str, *, reply_to: str = "answers") -> Envelope:
    body, content_type = encode(message)
    return Envelope(message_id, message.kind, "portal", body, content_type, reply_to=reply_to)


def ticket(name: str, message_id: str = "") -> Envelope:
    return enveloped(example_ticket(name), message_id or f"m-{name}")


def withdrawal(registration_id: str) -> Envelope:
    return enveloped(RegistrationWithdrawn(registration_id=registration_id), f"m-withdraws-{registration_id}")


def registration(bench: Bench, registration_id: str) -> Envelope:
    message_id = f"m-{registration_id}"
    sealing_key = bench.processor.programme.vault.sealing_key
    message = RegistrationSubmitted(
        registration_id=registration_id,
        email="ann@example.org",
        password=sealing_key.seal("Secret!pass1", message_id=message_id),
        role="Medical Marijuana Registry",
        applicant=Applicant(first_name="Ann", last_name="Lee", phone="555-0100", agency_name="Registry"),
        consent=Consent(terms_version="1", agreed_at=BEGIN),
    )
    return enveloped(message, message_id)
