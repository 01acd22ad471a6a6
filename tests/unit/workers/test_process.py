"""Process: one transaction for a batch, every message alone when it fails, each outcome once."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.work import Programme
from messages.account import AccountLoginAttempted, AccountPasswordSet
from messages.codec import Limits, encode
from messages.envelope import Envelope
from messages.errors import StoreAway
from messages.message import Message
from messages.registration import Applicant, Consent, RegistrationSubmitted, RegistrationWithdrawn
from store import dead_letters, inbox
from store.audit import Operator
from store.sqlite import SqliteStore
from tests.faulty_store import Fault, FaultyStore
from tests.people import open_account
from tests.site import Counted, example_ticket, locked
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


async def test_a_batch_is_done_whole(bench: Bench) -> None:
    """Every message of a batch has its effect, its mails and its answer, in one transaction."""
    await bench.take(*(ticket(f"t{n:03}") for n in range(500)))
    assert bench.counted.tickets() == [f"t{n:03}" for n in range(500)]
    assert bench.counted.states() == {"done": 500}
    assert bench.counted.staged("ticket.opened_administrators") == 500
    assert bench.answers() == [("accepted", "")] * 500
    assert bench.counted.number("SELECT count(DISTINCT received_at) FROM inbox") == 1


async def test_one_bad_message_among_500_waits_alone(bench: Bench) -> None:
    """The batch fails whole, then each alone: 499 are done and the bad one waits for its next try."""
    bench.refuse_tickets_like("bad")
    await bench.take(*(ticket(f"t{n:03}") for n in range(499)), ticket("bad"))
    assert len(bench.counted.tickets()) == 499
    assert bench.counted.states() == {"done": 499, "waiting": 1}
    assert bench.counted.staged("ticket.opened_administrators") == 499


async def test_a_failing_message_is_tried_again_and_dies(bench: Bench) -> None:
    """Five failures in a row make a dead letter and one answer that says so."""
    bench.refuse_tickets_like("bad")
    await bench.take(ticket("bad"))
    for _ in range(4):
        assert await bench.wait_turn(hours=1) == 1
    assert bench.counted.states() == {"dead": 1}
    assert bench.counted.rows("SELECT code, attempts FROM dead_letters") == [("conflict", 5)]
    assert bench.answers() == [("failed", "conflict")]


async def test_a_failing_message_succeeds_once_the_cause_is_gone(bench: Bench) -> None:
    """A retry that succeeds is done and answered once."""
    bench.refuse_tickets_like("bad")
    await bench.take(ticket("bad"))
    bench.mend()
    await bench.wait_turn(minutes=1)
    assert bench.counted.states() == {"done": 1}
    assert bench.answers() == [("accepted", "")]


@pytest.mark.parametrize("redelivered", [False, True])
async def test_a_duplicate_changes_nothing_and_is_answered_again(bench: Bench, redelivered: bool) -> None:
    """In one batch or across batches, the second one has no effect and its sender gets the same answer."""
    await bench.take(ticket("t1"), ticket("t1"))
    await bench.take(ticket("t1"), redelivered=redelivered)
    assert bench.counted.tickets() == ["t1"]
    assert bench.counted.states() == {"done": 1}
    assert bench.counted.staged("ticket.opened_administrators") == 1
    facts = bench.counted.rows("SELECT DISTINCT facts FROM outbox WHERE channel = 'answer'")
    assert (len(facts), len(bench.answers())) == (1, 3)


async def test_who_asks_for_an_answer_only_the_second_time_gets_the_whole(bench: Bench) -> None:
    """Sent without reply_to, then again with one: the answer has the result that the first one had."""
    await bench.take(replace(ticket("t1"), reply_to=""))
    assert bench.answers() == []
    await bench.take(ticket("t1"))
    assert bench.answers() == [("accepted", "")]
    assert bench.counted.rows("SELECT facts ->> '$.result.number' FROM outbox WHERE channel = 'answer'") == [
        (bench.counted.rows("SELECT number FROM tickets")[0][0],)
    ]


async def test_a_reused_id_is_a_dead_letter_of_its_own(bench: Bench) -> None:
    """Another content under a known id: the first stands, the second is kept whole and its sender is told."""
    await bench.take(ticket("t1", "m1"), ticket("t2", "m1"), ticket("t2", "m1"))
    await bench.take(ticket("t2", "m1"))
    assert bench.counted.tickets() == ["t1"]
    assert bench.counted.dead() == ["message_id_reused"]
    assert bench.answers()[:2] == [("accepted", ""), ("failed", "message_id_reused")]


@pytest.mark.parametrize("sender", ["clerk", "stranger", "app:portal", "anonymous"])
async def test_r61_what_a_sender_may_not_send_is_never_executed(bench: Bench, sender: str) -> None:
    """It is answered and kept as a dead letter, and its neighbours go on; what the sender may send is done."""
    forbidden = replace(registration(bench, "REG-1"), sender=sender)
    await bench.take(forbidden, replace(ticket("t1"), sender="clerk"), ticket("t2"))
    assert bench.counted.dead() == ["not_authorised"]
    assert bench.counted.tickets() == ["t1", "t2"]
    assert bench.counted.number("SELECT count(*) FROM registrations") == 0
    assert sorted(bench.answers()) == [("accepted", ""), ("accepted", ""), ("failed", "not_authorised")]


async def test_r61_a_withdrawn_permission_stops_a_message_that_waits(bench: Bench) -> None:
    """It was taken while its sender might send it; when its turn comes it is no longer so."""
    await bench.take(withdrawal("REG-1"))
    assert bench.counted.states() == {"waiting": 1}
    bench.processor.programme = replace(bench.processor.programme, publishers=Publishers({"clerk": ("*",)}))
    await bench.wait_turn(hours=1)
    assert bench.counted.dead() == ["not_authorised"]


def _bomb() -> Envelope:
    return replace(ticket("t1"), body=gzip.compress(b" " * 30_000_000), content_encoding="gzip")


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (replace(ticket("t1"), message_id="").with_derived_id(), "message_id_missing"),
        (replace(ticket("t1"), kind="nonsense.kind"), "unknown_kind"),
        (replace(ticket("t1"), body=b"{" * 20_001), "body_too_large"),
        (_bomb(), "body_too_large"),
        (replace(ticket("t1"), body=b"not gzip", content_encoding="gzip"), "not_gzip"),
        (replace(ticket("t1"), body=b"[" * 10_000), "not_json"),
        (replace(ticket("t1"), body=b"\xff\x00"), "not_json"),
        (replace(ticket("t1"), body=b"{}"), "invalid"),
        (replace(ticket("t1"), content_type="text/plain"), "wrong_content_type"),
    ],
)
async def test_what_cannot_be_read_is_a_dead_letter(bench: Bench, envelope: Envelope, code: str) -> None:
    """It is kept whole with its reason, answered, brought again without effect, and its neighbours are done."""
    await bench.take(ticket("good1"), envelope, ticket("good2"))
    await bench.take(envelope)
    assert bench.counted.tickets() == ["good1", "good2"]
    assert bench.counted.rows("SELECT code, body FROM dead_letters") == [(code, envelope.body)]
    assert bench.answers().count(("failed", code)) == 2


async def test_a_refusal_is_answered_with_the_same_words_again(bench: Bench) -> None:
    """Refused is final for this message: brought again, it gets the same answer and changes nothing."""
    await bench.take(ticket("t1", "m1"))
    await bench.take(ticket("t1", "m2"))
    await bench.take(ticket("t1", "m2"), redelivered=True)
    assert bench.counted.states() == {"done": 1, "refused": 1}
    assert bench.answers() == [("accepted", "")] + [("refused", "ticket_exists")] * 2
    assert bench.counted.dead() == []


async def test_a_message_waits_for_what_it_builds_on(bench: Bench) -> None:
    """A withdrawal before its registration waits in the store and is done when the registration has come."""
    await bench.take(withdrawal("R1"))
    assert bench.counted.states() == {"waiting": 1}
    assert bench.answers() == []
    await bench.take(registration(bench, "R1"))
    assert await bench.wait_turn(minutes=2) == 1
    assert bench.counted.states() == {"done": 2}
    assert bench.answers() == [("accepted", "")] * 2
    assert bench.counted.number("SELECT count(*) FROM deferred") == 0


async def test_a_message_does_not_wait_for_ever(bench: Bench) -> None:
    """After its days it is a dead letter that names what was missing."""
    await bench.take(withdrawal("R1"))
    for _ in range(8 * 4):
        await bench.wait_turn(hours=6, minutes=1)
    assert bench.counted.states() == {"dead": 1}
    assert bench.counted.dead() == ["registration_unknown"]
    assert bench.answers() == [("failed", "registration_unknown")]


async def test_turns_spent_waiting_are_no_failures(bench: Bench) -> None:
    """A message that waited long and then fails once is tried again, not dead."""
    await bench.take(withdrawal("R1"))
    for _ in range(8):
        await bench.wait_turn(hours=6, minutes=1)
    await bench.take(registration(bench, "R1"))
    with closing(sqlite3.connect(bench.counted.path)) as connection:
        connection.execute("CREATE TRIGGER bad BEFORE UPDATE ON registrations BEGIN SELECT RAISE(ABORT, 'bad'); END")
    await bench.wait_turn(hours=6, minutes=1)
    assert bench.counted.states() == {"done": 1, "waiting": 1}
    bench.mend()
    await bench.wait_turn(hours=6)
    assert bench.counted.states() == {"done": 2}


async def test_a_message_that_ends_the_process_is_dead_after_three_counted_attempts(bench: Bench) -> None:
    """Its attempts are committed before our code runs, so that each lost process is remembered."""
    killer = ticket("killer")
    await bench.store.write(lambda tx: inbox.set_attempts(tx, killer, 3))  # the process ended right after this commit
    await bench.take(ticket("before"), killer, ticket("after"), redelivered=True)
    assert bench.counted.tickets() == ["after", "before"]
    assert bench.counted.rows("SELECT code, attempts FROM dead_letters") == [("ends_the_process", 3)]
    assert bench.counted.number("SELECT count(*) FROM attempts") == 0


async def test_a_store_that_goes_away_again_and_again_counts_no_attempt(bench: Bench) -> None:
    """A redelivered message whose commit the store cannot take, however often, is done when it can."""
    faulty = FaultyStore(bench.store, [None])  # the attempt is counted, then the store is away
    bench.processor.store = faulty
    for _ in range(6):
        faulty.faults.append(Fault(StoreAway("away")))
        with pytest.raises(StoreAway):
            await bench.take(ticket("t1"), redelivered=True)
    await bench.take(ticket("t1"), redelivered=True)
    assert bench.counted.states() == {"done": 1}
    assert bench.counted.number("SELECT count(*) FROM attempts") == 0


async def test_a_dead_letter_has_its_turn_again(bench: Bench) -> None:
    """Replayed after the cause is gone, it is done; the dead letter stays, marked with operator and reason."""
    bench.refuse_tickets_like("bad")
    await bench.take(ticket("bad"))
    for _ in range(4):
        await bench.wait_turn(hours=1)
    bench.mend()
    no = bench.counted.number("SELECT no FROM dead_letters")
    for expected in (True, False):
        again = await bench.store.write(
            lambda tx: dead_letters.replay(
                tx, no, operator=Operator("op"), why="mended", now=bench.clock.now, gives_up_at=bench.clock.now
            )
        )
        assert again is expected
    await bench.wait_turn(seconds=1)
    assert bench.counted.states() == {"done": 1}
    assert bench.counted.rows("SELECT state, resolved_by FROM dead_letters") == [("replayed", "op")]
    assert bench.answers() == [("failed", "conflict"), ("accepted", "")]


async def test_without_a_store_nothing_is_committed_and_nothing_is_dead(bench: Bench) -> None:
    """StoreAway goes to the caller; the same deliveries succeed when the store is back."""
    with locked(bench.store.path), pytest.raises(StoreAway):
        await bench.take(ticket("t1"), ticket("t2"))
    assert bench.counted.states() == {}
    await bench.take(ticket("t1"), ticket("t2"))
    assert bench.counted.states() == {"done": 2}


async def test_what_a_neighbour_changed_is_prepared_anew(bench: Bench) -> None:
    """A new password, and a login with it, in one batch: prepared against the old one, the login is judged by the new."""
    vault = bench.processor.programme.vault
    await open_account(bench.store, "DR-1")
    change = AccountPasswordSet(account_id="DR-1", password=vault.sealing_key.seal("Right-Horse", message_id="m1"))
    login = AccountLoginAttempted(
        address="dr-1@example.org", password=vault.sealing_key.seal("Right-Horse", message_id="m2")
    )
    await bench.take(enveloped(change, "m1"), enveloped(login, "m2"), ticket("t1"))
    assert bench.counted.states() == {"done": 3}
