"""Mail relay on a slow or absent server: whatever a turn lasts, a mail is under way in one relay alone, and is told in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
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
from store.contract import Store
from store.outbox import Staged
from store.sqlite import SqliteStore
from tests.faulty_store import Fault, FaultyStore
from tests.mail_sink import MailSink, Stall
from tests.sender import SENDER
from tests.site import Counted, until
from tests.stores import sqlite_store
from tests.unit.workers.test_relay_mail import FACTS, Carrier
from workers.relay import mail
from workers.relay.mail import MailRelay

LEASE_SECONDS = 0.3


def now() -> datetime:
    return datetime.now(UTC)


def relay(store: Store, transport: Transport, name: str = "one", clock: Callable[[], datetime] = now) -> MailRelay:
    return MailRelay(store, Renderer(SENDER), transport, clock, name, LEASE_SECONDS)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with sqlite_store(tmp_path / "pmp.db") as store:
        yield store


async def stage(store: SqliteStore, number: int) -> None:
    staged = [Staged("mail", "ticket.opened", f"p{n}@example.org", FACTS, key=f"k{n}") for n in range(number)]
    await store.write(lambda tx: outbox.stage_all(tx, staged, now()))


def states(store: SqliteStore) -> dict[str, int]:
    return dict(Counted(store.path).rows("SELECT state, count(*) FROM outbox GROUP BY state"))


@dataclass
class Slow(Carrier):
    """Two connections; whatever has gone out is answered when the gate opens."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
        async with self.places:
            return await Carrier.send(self, mail, before_final)


async def test_a_turn_longer_than_the_lease_sends_each_mail_once(store: SqliteStore) -> None:
    """A second relay looks all the while, for ten leases: what the slow one holds is neither due nor unknown."""
    await stage(store, 20)
    slow, quick = Slow(gate=asyncio.Event()), Carrier()
    assert slow.gate is not None
    async with sqlite_store(store.path) as other:
        turn = asyncio.create_task(relay(store, slow).turn())
        await until(lambda: len(slow.carried) == 2, "both connections are taken")
        second, ends_at = relay(other, quick, "two"), now() + timedelta(seconds=10 * LEASE_SECONDS)
        while now() < ends_at:
            assert await second.turn() == 0
        assert states(store) == {"handed_over": 2, "claimed": 18}
        slow.gate.set()
        assert await turn == 20
    assert states(store) == {"sent": 20}
    assert (len(set(slow.carried)), len(slow.carried), quick.carried) == (20, 20, [])


async def test_a_silent_mail_server_has_longer_than_the_lease(store: SqliteStore) -> None:
    """On the wire: it takes a mail and says nothing for some leases; nobody sends a second copy before the time-out."""
    await stage(store, 6)
    async with MailSink() as sink:
        settings = SmtpSettings(sink.host, sink.port, connections=2, final_seconds=5 * LEASE_SECONDS)
        sink.fail("content", Stall(keep=True), recipient="p3@")
        async with SmtpTransport(settings) as one, SmtpTransport(settings) as two, sqlite_store(store.path) as other:
            turn = asyncio.create_task(relay(store, one).turn())
            second = relay(other, two, "two")
            while not turn.done():
                assert await second.turn() == 0 or turn.done()
            await turn
            await second.turn()
    assert states(store) == {"sent": 6}
    assert len(sink.mails) == 7  # the unanswered one, once more
    assert len({one.message_id for one in sink.mails}) == 6


async def test_answers_are_written_as_they_come(store: SqliteStore) -> None:
    """While one mail of the turn is not answered the others stand as sent: a kill then would double that one alone."""
    await stage(store, 50)

    gate = asyncio.Event()

    class OneSilent(Slow):
        async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
            sent = await super().send(mail, before_final)
            if mail.recipient == "p0@example.org":
                await gate.wait()
            return sent

    turn = asyncio.create_task(relay(store, OneSilent()).turn())
    await until(lambda: states(store) == {"handed_over": 1, "sent": 49}, "all others are told")
    gate.set()
    await turn
    assert states(store) == {"sent": 50}


async def test_a_turn_ends_in_time_and_leaves_the_rest_due(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that urgent mail is not behind hundreds; the rest is due as it was."""
    monkeypatch.setattr(mail, "_TURN_SECONDS", 0.0)
    monkeypatch.setattr(mail, "_HANDS", 1)
    await stage(store, 3)
    before = Counted(store.path).rows("SELECT no, state, due_at, attempts, leased_by FROM outbox ORDER BY no")
    assert await relay(store, Carrier()).turn() == 3
    assert Counted(store.path).rows("SELECT no, state, due_at, attempts, leased_by FROM outbox ORDER BY no") == before


async def test_an_absent_server_is_not_asked_for_each_mail(store: SqliteStore) -> None:
    """After some in a row that met nobody the turn ends; no attempt is burnt."""
    await stage(store, 100)
    carrier = Carrier([Temporary(None, "no connection")] * 100)
    await relay(store, carrier).turn()
    assert states(store) == {"due": 100}
    assert 100 - len(carrier.endings) < 50
    assert Counted(store.path).number("SELECT sum(attempts) FROM outbox") == 0


async def test_wrong_credentials_are_not_shown_for_each_mail(store: SqliteStore) -> None:
    """The turn ends at once; the mails that were not tried are due as they were."""
    await stage(store, 100)
    carrier = Carrier([Misconfigured("535")] * 100)
    with pytest.raises(MailerMisconfigured):
        await relay(store, carrier).turn()
    assert states(store) == {"due": 100}
    assert len(carrier.endings) == 99


async def test_an_answer_that_the_store_cannot_take_is_kept(store: SqliteStore) -> None:
    """Sent, and the store away at that moment: written when it is back, before leases end; the mail leaves once."""
    await stage(store, 1)
    clock = [datetime(2026, 11, 24, 15, 0, tzinfo=UTC) + timedelta(days=3000)]
    carrier = Carrier()
    faulty = FaultyStore(store, [None, None, None, Fault(StoreAway("away")), Fault(StoreAway("away"))])
    one = relay(faulty, carrier, clock=lambda: clock[0])
    with pytest.raises(StoreAway):
        await one.turn()
    assert states(store) == {"handed_over": 1}
    clock[0] += timedelta(hours=1)
    with suppress(StoreAway):
        await one.turn()
    await one.turn()
    assert states(store) == {"sent": 1}
    assert len(carrier.carried) == 1


async def test_a_stopped_relay_tells_what_has_left(store: SqliteStore) -> None:
    """Cancelled in mid-turn: answered mails are settled, those not begun due again, the unanswered ones in doubt."""
    await stage(store, 10)
    slow = Slow(gate=asyncio.Event())
    turn = asyncio.create_task(relay(store, slow).turn())
    await until(lambda: len(slow.carried) == 2, "both connections are taken")
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert states(store)["handed_over"] == 2
    assert set(states(store)) <= {"handed_over", "claimed", "due"}
