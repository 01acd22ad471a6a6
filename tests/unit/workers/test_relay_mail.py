"""Mail relay: each way a sending can end has its place in the outbox; no mail leaves twice by two relays."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from messages.errors import MailerMisconfigured, StoreAway
from notifier.render import Mail, Renderer, Sender
from notifier.transport import Accepted, BeforeFinal, Misconfigured, Refused, Sent, Temporary, Unknown
from store import outbox
from store.outbox import Staged
from store.sqlite import SqliteStore
from tests.faulty_store import Fault, FaultyStore
from tests.site import Counted
from tests.stores import sqlite_store
from workers.relay.mail import MailRelay

BEGIN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
FACTS = {"number": "T2026-000001", "category": "low", "opened_at_text": "2026-11-24 10:00 EST"}


@dataclass
class Carrier:
    """Takes mails into ``carried``; ``endings`` says how the next sendings end (none left: accepted)."""

    endings: list[Sent] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    message_ids: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
        ending = self.endings.pop(0) if self.endings else Accepted("250 queued")
        if isinstance(ending, Temporary | Refused | Misconfigured):
            return ending
        await before_final()
        self.carried.append(mail.recipient)
        self.message_ids.append(mail.message_id)
        if self.gate is not None:
            await self.gate.wait()
        return ending

    async def probe(self) -> None:
        return None


@dataclass
class Bench:
    store: SqliteStore
    counted: Counted
    carrier: Carrier = field(default_factory=Carrier)
    now: datetime = BEGIN

    def relay(
        self, name: str = "one", store: FaultyStore | SqliteStore | None = None, templates: Path | None = None
    ) -> MailRelay:
        sender = Sender(
            from_address="no-reply@example.org", from_name="PMP", contact_name="Office", contact_email="pmp@example.org",
            contact_phone="555", programme_name="PMP", programme_short="PMP", portal_url="https://pmp.example.org",
        )  # fmt: skip
        return MailRelay(store or self.store, Renderer(sender, templates), self.carrier, lambda: self.now, name, 120)

    async def stage(self, number: int = 1, notice: str = "ticket.opened") -> None:
        staged = [Staged("mail", notice, f"p{n}@example.org", FACTS, key=f"k{n}") for n in range(number)]
        await self.store.write(lambda tx: outbox.stage_all(tx, staged, self.now))

    def rows(self) -> list[tuple[str, int, str]]:
        return self.counted.rows("SELECT state, attempts, due_at FROM outbox ORDER BY no")

    def states(self) -> list[str]:
        return [row[0] for row in self.rows()]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with sqlite_store(tmp_path / "pmp.db") as store:
        yield Bench(store, Counted(tmp_path / "pmp.db"))


@pytest.mark.parametrize(
    ("ending", "state", "attempts", "later"),
    [
        (Accepted("250 queued"), "sent", 1, timedelta()),
        (Refused(550, "no such user"), "refused", 1, timedelta()),
        (Temporary(450, "busy"), "due", 1, timedelta(minutes=1)),
        (Temporary(None, "no connection"), "due", 0, timedelta(seconds=10)),
        (Unknown("no answer"), "unknown", 0, timedelta()),
    ],
)
async def test_each_ending_has_its_place(
    bench: Bench, ending: Sent, state: str, attempts: int, later: timedelta
) -> None:
    """Accepted is sent; 5yz is final; 4yz comes again later; a server that is away burns no attempt."""
    await bench.stage()
    bench.carrier.endings = [ending]
    assert await bench.relay().turn() == 1
    due_at = f"{BEGIN + later:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert bench.rows() == [(state, attempts, due_at)]


async def test_wrong_credentials_pause_the_mailer_and_burn_no_attempt(bench: Bench) -> None:
    """The relay says so to its loop; the mail is due again."""
    await bench.stage()
    bench.carrier.endings = [Misconfigured("535")]
    with pytest.raises(MailerMisconfigured):
        await bench.relay().turn()
    assert [row[:2] for row in bench.rows()] == [("due", 0)]


async def test_a_template_that_one_mails_facts_break_holds_up_no_other(bench: Bench, tmp_path: Path) -> None:
    """Its samples passed, so the relay started; the mail is refused with file and line, and can be released."""
    subject = tmp_path / "ticket" / "opened" / "subject.txt"
    subject.parent.mkdir(parents=True)
    subject.write_text("Ticket {{ (number|length) // (number|length - 12) }}")
    relay = bench.relay(templates=tmp_path)
    relay.renderer.check()
    await bench.stage()
    other = Staged("mail", "ticket.opened", "other@example.org", FACTS | {"number": "T2"}, key="other")
    await bench.store.write(lambda tx: outbox.stage_all(tx, [other], bench.now))
    await relay.turn()
    assert bench.states() == ["refused", "sent"]
    ((reply,), _) = bench.counted.rows("SELECT reply FROM outbox ORDER BY no")
    assert reply == f"not sent: {subject}, line 1: it fails: ZeroDivisionError"


async def test_4yz_for_days_ends_as_refused(bench: Bench) -> None:
    """After the notice's deadline it is no longer tried."""
    await bench.stage()
    bench.carrier.endings = [Temporary(450, "busy")] * 100
    while bench.states() == ["due"]:
        await bench.relay().turn()
        bench.now += timedelta(hours=4)
        assert bench.now < BEGIN + timedelta(days=5)
    assert bench.states() == ["refused"]


async def test_an_unknown_mail_is_sent_once_more_with_the_same_message_id(bench: Bench) -> None:
    """Where a second copy is harmless; unknown again, it is held for a person."""
    await bench.stage()
    bench.carrier.endings = [Unknown("cut"), Unknown("cut")]
    for _ in range(5):
        await bench.relay().turn()
    assert bench.states() == ["held"]
    assert len(bench.carrier.message_ids) == 2
    assert len(set(bench.carrier.message_ids)) == 1


async def test_a_dead_relays_mails_are_free_after_the_lease(bench: Bench) -> None:
    """What was only claimed is sent by another; not a second before the lease ends."""
    await bench.stage(3)
    until = BEGIN + timedelta(seconds=120)
    await bench.store.write(
        lambda tx: outbox.lease(tx, "mail", now=BEGIN, leased_until=until, leased_by="dead", most=9)
    )
    bench.now = until - timedelta(seconds=1)
    assert await bench.relay().turn() == 0
    bench.now = until
    assert await bench.relay().turn() == 3
    assert bench.states() == ["sent"] * 3


async def test_a_slow_relay_does_not_send_what_another_holds(bench: Bench) -> None:
    """Its hand-over fails, so that nothing leaves; the other's row is left alone."""
    await bench.stage()
    slow = bench.relay("slow")
    leased = await bench.store.write(
        lambda tx: outbox.lease(tx, "mail", now=BEGIN, leased_until=BEGIN, leased_by="slow", most=9)
    )
    assert await bench.relay("quick").turn() == 1
    await slow._send_all(leased)
    assert len(bench.carrier.carried) == 1
    assert bench.states() == ["sent"]


async def test_two_relays_at_once_send_each_mail_once(bench: Bench) -> None:
    """Two relays with connections of their own take turns at once until nothing is due."""
    await bench.stage(100)
    async with sqlite_store(bench.store.path) as other:
        one, two = bench.relay("one"), bench.relay("two", FaultyStore(other))
        for _ in range(3):
            await asyncio.gather(one.turn(), two.turn(), two.turn())
    assert bench.states() == ["sent"] * 100
    assert sorted(bench.carrier.carried) == sorted(f"p{n}@example.org" for n in range(100))


async def test_a_hand_over_that_the_store_cannot_take_sends_nothing(bench: Bench) -> None:
    """StoreAway goes to the loop; after the lease the mail is sent once."""
    await bench.stage(2)
    with pytest.raises(StoreAway):
        await bench.relay(store=FaultyStore(bench.store, [None, None, Fault(StoreAway("away"))])).turn()
    assert len(bench.carrier.carried) <= 1
    bench.now += timedelta(seconds=120)
    await bench.relay().turn()
    assert bench.states() == ["sent"] * 2
    assert sorted(bench.carrier.carried) == ["p0@example.org", "p1@example.org"]


async def test_a_row_that_cannot_be_read_is_held_and_its_neighbours_leave(bench: Bench) -> None:
    """A fault that nobody foresaw is one mail's: an operator finds it, and no turn meets it again."""
    await bench.stage(3)
    with closing(sqlite3.connect(bench.store.path)) as connection, connection:
        connection.execute("UPDATE outbox SET facts = '{' WHERE key = 'k1'")
    assert await bench.relay().turn() == 3
    assert bench.states() == ["sent", "held", "sent"]
    assert await bench.relay().turn() == 0


async def test_a_sending_that_raises_is_tried_once_more_and_held(bench: Bench) -> None:
    """Nobody knows how far it came: as unknown as a mail whose server was cut off; the next one leaves."""
    await bench.stage(2)
    sent = bench.carrier.send

    async def send(mail: Mail, before_final: BeforeFinal) -> Sent:
        if mail.recipient.startswith("p0"):
            raise KeyError(mail.recipient)
        return await sent(mail, before_final)

    bench.carrier.send = send  # type: ignore[method-assign]
    for _ in range(4):
        await bench.relay().turn()
    assert bench.states() == ["held", "sent"]


@pytest.mark.parametrize("notice", ["no.such_notice", "registration.approved"])
async def test_a_mail_that_cannot_be_written_is_refused_and_told(bench: Bench, notice: str) -> None:
    """No template, or facts that are not the template's: it never leaves and does not hold up the others."""
    await bench.stage(1, notice)
    await bench.store.write(
        lambda tx: outbox.stage_all(tx, [Staged("mail", "ticket.opened", "a@example.org", FACTS, key="x")], BEGIN)
    )
    assert await bench.relay().turn() == 2
    assert bench.states() == ["refused", "sent"]
