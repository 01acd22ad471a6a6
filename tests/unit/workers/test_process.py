"""Process: one transaction for a batch, every message alone when it fails, each outcome once."""

from __future__ import annotations

import asyncio
import gzip
import threading
from dataclasses import replace

import pytest

from messages.account import AccountLoginAttempted, AccountPasswordSet
from messages.codec import Limits, decode
from messages.envelope import ASAP, Envelope
from messages.errors import StoreAway
from messages.message import Message
from store import inbox
from tests.faulty_store import Fault, FaultyStore
from tests.people import open_account
from tests.site import locked
from tests.unit.workers.processing import Bench, bench, enveloped, registration, threads, ticket

__all__ = ["bench", "threads"]  # fixtures


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


async def test_a_small_file_of_much_content_does_not_hold_the_loop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is unpacked in a thread: the loop goes on meanwhile, with everything on it that must answer in time."""
    loop, went_on = asyncio.get_running_loop(), threading.Event()

    def unpacked(envelope: Envelope, limits: Limits) -> Message:
        loop.call_soon_threadsafe(went_on.set)
        assert went_on.wait(10), "the loop is held"
        return decode(envelope, limits)

    monkeypatch.setattr("workers.process.decode", unpacked)
    bomb = gzip.compress(b" " * (15 * 2**20))
    assert len(bomb) < 100_000
    await bench.take(Envelope("m1", "dispensation.file_submitted", "portal", bomb, ASAP, "gzip", reply_to="answers"))
    assert bench.counted.states() == {"done": 1}
