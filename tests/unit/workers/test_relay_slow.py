"""Mail relay on a slow or absent server: whatever a turn lasts, a mail is under way in one relay alone, and is told in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from messages.errors import MailerMisconfigured, StoreAway
from notifier.render import Mail, Renderer
from notifier.smtp import SmtpSettings, SmtpTransport
from notifier.transport import BeforeFinal, Misconfigured, Sent, Temporary, Transport
from store import outbox
from store.contract import Store, as_text
from store.outbox import Staged
from store.sqlite import SqliteStore
from tests.faulty_store import Fault, FaultyStore
from tests.loop_time import patience_ends
from tests.mail_sink import MailSink, Stall
from tests.sender import SENDER
from tests.site import Counted, until
from tests.stores import sqlite_store
from tests.unit.workers.test_relay_mail import FACTS, Carrier
from workers.relay import mail
from workers.relay.mail import MailRelay

LEASE_SECONDS = 0.06
"""So that a relay renews its leases soon. How much of one has passed says the test's own clock, however busy the machine is."""


@dataclass
class Clock:
    """What time it is for the relays."""

    at: datetime = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def relay(
    store: Store, transport: Transport, clock: Clock, name: str = "one", lease_seconds: float = LEASE_SECONDS
) -> MailRelay:
    return MailRelay(store, Renderer(SENDER), transport, clock, name, lease_seconds)


async def leases_pass(number: int, store: SqliteStore, clock: Clock, second: MailRelay) -> None:
    """Time goes on whenever the relay at work has renewed what it holds; a second relay looks and finds nothing to do."""
    lease, sooner = timedelta(seconds=LEASE_SECONDS), "SELECT count(*) FROM outbox WHERE leased_until < ?"
    for _ in range(3 * number):
        clock.at += lease / 3
        ends = as_text(clock.at + lease)
        await until(lambda ends=ends: Counted(store.path).number(sooner, ends) == 0, "leases are renewed")  # type: ignore[misc]
        assert await second.turn() == 0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with sqlite_store(tmp_path / "pmp.db") as store:
        yield store


async def stage(store: SqliteStore, number: int) -> None:
    """So many mails are due."""
    staged = [Staged("mail", "ticket.opened", f"p{n}@example.org", FACTS, key=f"k{n}") for n in range(number)]
    await store.write(lambda tx: outbox.stage_all(tx, staged, Clock.at))


def states(store: SqliteStore) -> dict[str, int]:
    return dict(Counted(store.path).rows("SELECT state, count(*) FROM outbox GROUP BY state"))


@dataclass
class Slow(Carrier):
    """Two connections; whatever has gone out is answered when the gate opens."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
        async with self.places:
            return await Carrier.send(self, mail, before_final)


async def test_a_turn_longer_than_the_lease_sends_each_mail_once(store: SqliteStore, clock: Clock) -> None:
    """A second relay looks all the while, for ten leases: what the slow one holds is neither due nor unknown."""
    await stage(store, 20)
    slow, quick = Slow(gate=asyncio.Event()), Carrier()
    assert slow.gate is not None
    async with sqlite_store(store.path) as other:
        turn = asyncio.create_task(relay(store, slow, clock).turn())
        await until(lambda: len(slow.carried) == 2, "both connections are taken")
        await leases_pass(10, store, clock, relay(other, quick, clock, "two"))
        assert states(store) == {"handed_over": 2, "claimed": 18}
        slow.gate.set()
        assert await turn == 20
    assert states(store) == {"sent": 20}
    assert (len(set(slow.carried)), len(slow.carried), quick.carried) == (20, 20, [])


async def test_a_silent_mail_server_has_longer_than_the_lease(store: SqliteStore, clock: Clock) -> None:
    """On the wire: it takes a mail and says nothing for some leases; nobody sends a second copy before the time-out."""
    await stage(store, 6)
    async with MailSink() as sink:
        settings = SmtpSettings(sink.host, sink.port, connections=2)
        sink.fail("content", Stall(keep=True), recipient="p3@")
        async with SmtpTransport(settings) as one, SmtpTransport(settings) as two, sqlite_store(store.path) as other:
            turn = asyncio.create_task(relay(store, one, clock).turn())
            second = relay(other, two, clock, "two")
            await until(lambda: states(store) == {"handed_over": 1, "sent": 5}, "all others are told")
            await leases_pass(3, store, clock, second)
            await patience_ends(turn, limit_seconds=settings.final_seconds)
            await turn
            await second.turn()
    assert states(store) == {"sent": 6}
    assert len(sink.mails) == 7  # the unanswered one, once more
    assert len({one.message_id for one in sink.mails}) == 6


async def test_answers_are_written_as_they_come(store: SqliteStore, clock: Clock) -> None:
    """While one mail of the turn is not answered the others stand as sent: a kill then would double that one alone."""
    await stage(store, 50)

    gate = asyncio.Event()

    class OneSilent(Slow):
        async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
            sent = await super().send(mail, before_final)
            if mail.recipient == "p0@example.org":
                await gate.wait()
            return sent

    turn = asyncio.create_task(relay(store, OneSilent(), clock).turn())
    await until(lambda: states(store) == {"handed_over": 1, "sent": 49}, "all others are told")
    gate.set()
    await turn
    assert states(store) == {"sent": 50}


async def test_a_turn_ends_in_time_and_leaves_the_rest_due(
    store: SqliteStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that urgent mail is not behind hundreds; the rest is due as it was."""
    monkeypatch.setattr(mail, "_TURN_SECONDS", 0.0)
    monkeypatch.setattr(mail, "_HANDS", 1)
    await stage(store, 3)
    before = Counted(store.path).rows("SELECT no, state, due_at, attempts, leased_by FROM outbox ORDER BY no")
    assert await relay(store, Carrier(), clock).turn() == 3
    assert Counted(store.path).rows("SELECT no, state, due_at, attempts, leased_by FROM outbox ORDER BY no") == before


async def test_an_absent_server_is_not_asked_for_each_mail(store: SqliteStore, clock: Clock) -> None:
    """After some in a row that met nobody the turn ends; no attempt is burnt."""
    await stage(store, 100)
    carrier = Carrier([Temporary(None, "no connection")] * 100)
    await relay(store, carrier, clock).turn()
    assert states(store) == {"due": 100}
    assert 100 - len(carrier.endings) < 50
    assert Counted(store.path).number("SELECT sum(attempts) FROM outbox") == 0


async def test_wrong_credentials_are_not_shown_for_each_mail(store: SqliteStore, clock: Clock) -> None:
    """The turn ends at once; the mails that were not tried are due as they were."""
    await stage(store, 100)
    carrier = Carrier([Misconfigured("535")] * 100)
    with pytest.raises(MailerMisconfigured):
        await relay(store, carrier, clock).turn()
    assert states(store) == {"due": 100}
    assert len(carrier.endings) == 99


async def test_an_answer_that_the_store_cannot_take_is_kept(store: SqliteStore, clock: Clock) -> None:
    """Sent, and the store away at that moment: written when it is back, before leases end; the mail leaves once."""
    await stage(store, 1)
    carrier = Carrier()
    faulty = FaultyStore(store, [None, None, None, Fault(StoreAway("away")), Fault(StoreAway("away"))])
    one = relay(faulty, carrier, clock, lease_seconds=120)  # not renewed meanwhile: that would be one write more
    with pytest.raises(StoreAway):
        await one.turn()
    assert states(store) == {"handed_over": 1}
    clock.at += timedelta(hours=1)
    with suppress(StoreAway):
        await one.turn()
    await one.turn()
    assert states(store) == {"sent": 1}
    assert len(carrier.carried) == 1


async def test_a_stopped_relay_tells_what_has_left(store: SqliteStore, clock: Clock) -> None:
    """Cancelled in mid-turn: answered mails are settled, those not begun due again, the unanswered ones in doubt."""
    await stage(store, 10)
    slow = Slow(gate=asyncio.Event())
    turn = asyncio.create_task(relay(store, slow, clock).turn())
    await until(lambda: len(slow.carried) == 2, "both connections are taken")
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert states(store)["handed_over"] == 2
    assert set(states(store)) <= {"handed_over", "claimed", "due"}
