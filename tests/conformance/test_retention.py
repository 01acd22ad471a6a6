"""What is old goes a little at a time, what must stay stays, and every message is still accounted for; on both stores."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from handlers.sweeps.sweep import ChoreSweep, sweeps
from messages.envelope import Envelope
from store import dead_letters, inbox, outbox, overview, retention, tickets
from store.contract import Store, Transaction
from store.dead_letters import Reason
from store.outbox import Settled, Staged
from tests.help_desk import opened
from tests.unit.handlers.bench import example_programme
from workers.scheduler import Scheduler

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
DAY = date(2026, 6, 15)


def ago(days: float) -> datetime:
    """So many days before NOW."""
    return NOW - timedelta(days=days)


def letter(name: str, kind: str = "ticket.opened") -> Envelope:
    """A message as it arrived."""
    return Envelope(name, kind, "portal", name.encode())


async def take(
    store: Store, name: str, at: datetime, state: inbox.State = "done", *staged: Staged, is_sent: bool = True
) -> int:
    """A message of that age, settled, with what it let leave."""

    async def unit(tx: Transaction) -> int:
        (seq,) = (await inbox.claim_all(tx, [letter(name)], at)).values()
        if state != "done":
            await inbox.settle(tx, seq, state, None, at)
        rows = [Staged(s.channel, s.name, s.destination, s.facts, s.key, seq) for s in staged]
        await outbox.stage_all(tx, rows, at)
        return seq

    seq = await store.write(unit)
    if is_sent:
        await send_all(store, at)
    return seq


async def send_all(store: Store, at: datetime) -> None:
    """Whatever is due has been sent."""

    async def unit(tx: Transaction) -> None:
        for channel in outbox.Channel.__args__:  # type: ignore[attr-defined]
            leased = await outbox.lease(tx, channel, now=at, leased_until=at, leased_by="one", most=500)
            await outbox.settle_all(tx, [Settled(one.no, "sent", 1, at, "250") for one in leased], "one", at)

    await store.write(unit)


async def _bury(tx: Transaction, seq: int, name: str) -> None:
    reason = Reason("invalid", "One field is at fault.", "subject")
    await dead_letters.put(
        tx, seq=seq, envelope=letter(name), reason=reason, origin="process", attempts=1, now=ago(500)
    )  # fmt: skip


def mail(key: str) -> Staged:
    """An e-mail of one occasion."""
    return Staged("mail", "ticket.opened", "bo@example.org", {"number": key}, key=key)


EVENT = Staged("event", "ticket.opened", "ticket.opened", {"number": "T1"})
ANSWER = Staged("answer", "answer", "replies", {"status": "refused"})


async def run(store: Store, on: date = DAY, *, now: datetime = NOW) -> int | None:
    """The sweep ran for a date."""
    return await Scheduler(store, example_programme(), lambda: now, "one").run_sweep(sweeps()["retention"], on)


async def left(store: Store) -> set[str]:
    """The names of all messages that the inbox still knows."""

    async def unit(tx: Transaction) -> set[str]:
        return {row["message_id"] for name in NAMES for row in await inbox.find(tx, name)}

    return await store.read(unit)


async def leaving(store: Store) -> Sequence[tuple[str, str]]:
    """Channel and state of all that leaves or left."""
    rows = await store.read(lambda tx: outbox.listed(tx, most=1000))
    return [(row["channel"], row["state"]) for row in reversed(rows)]


NAMES = [f"m{number}" for number in range(30)]


async def test_r50_an_old_message_leaves_the_inbox_and_its_origin_stays(store: Store) -> None:
    """Younger ones stay; who sent the old one and when is still told, and the count of all taken is the same."""
    await take(store, "m1", ago(401), "done", mail("k1"), EVENT)
    await take(store, "m2", ago(401), "refused")
    await take(store, "m3", ago(399))
    before = await store.read(overview.reconcile)
    assert await run(store) is not None
    after = await store.read(overview.reconcile)
    assert await left(store) == {"m3"}
    assert (before.taken, after.taken, after.retired, after.is_clean) == (3, 3, 2, True)
    assert await store.read(retention.tallied) == {"done": 1, "refused": 1}
    (story,) = await store.read(lambda tx: overview.trace(tx, "m1"))
    assert (story.sender, story.state, story.events[0].at) == ("portal", "done", ago(401))
    assert await store.read(lambda tx: overview.trace(tx, "m2")) == ()


async def test_what_is_not_over_stays_whatever_its_age(store: Store) -> None:
    """A waiting message, one with a dead letter, open or not, and one whose e-mail or answer has not left."""
    await take(store, "m1", ago(500), "waiting")
    for name, state in (("m2", "dead"), ("m3", "discarded"), ("m4", "done")):
        seq = await take(store, name, ago(500), state)  # type: ignore[arg-type]
        await store.write(partial(_bury, seq=seq, name=name))
    await take(store, "m5", ago(500), "done", mail("k5"), is_sent=False)
    await take(store, "m6", ago(500), "refused", ANSWER, is_sent=False)
    assert await run(store) is not None
    assert await left(store) == {f"m{number}" for number in range(1, 7)}
    assert await leaving(store) == [("mail", "due"), ("answer", "due")]


async def test_what_was_sent_is_emptied_and_not_sent_again(store: Store) -> None:
    """Events and answers go; of an e-mail stays that it was sent, and its key still keeps it from being written twice."""
    await take(store, "m1", ago(91), "done", mail("k1"), EVENT)
    await take(store, "m2", ago(91), "refused", ANSWER)
    await take(store, "m3", ago(89), "done", mail("k3"), EVENT)
    assert await run(store) is not None
    assert await leaving(store) == [("mail", "sent"), ("mail", "sent"), ("event", "sent")]
    assert await left(store) == {"m1", "m2", "m3"}
    assert await store.write(lambda tx: outbox.stage_all(tx, [mail("k1"), mail("k3")], NOW)) == 0
    (story,) = await store.read(lambda tx: overview.trace(tx, "m1"))
    assert [event.what for event in story.events] == ["received", "done", "e-mail"]


async def test_r62_what_the_messages_brought_stays(store: Store) -> None:
    """An old ticket with its history is whole although its message is forgotten."""
    await take(store, "m1", ago(500))
    await take(store, "m2", NOW)
    opened_one = await store.write(lambda tx: tickets.insert(tx, opened(), year=2025, now=ago(500), seq=1))
    assert opened_one is not None
    await run(store)
    assert await left(store) == {"m2"}
    assert await store.read(lambda tx: tickets.one(tx, "T-1")) == opened_one
    assert len(await store.read(lambda tx: tickets.history(tx, opened_one.no))) == 1


async def test_it_goes_in_short_transactions_and_ends(store: Store) -> None:
    """A page each; a row is looked at once, also over days, and a second run on a day does nothing."""
    for name in NAMES[:20]:
        await take(store, name, ago(401))
    before = ago(400)
    pages = [await store.write(lambda tx: retention.forget_messages(tx, before, page=8)) for _ in range(4)]
    assert pages == [8, 8, 3, 0]
    await take(store, "m25", ago(399.9))
    await take(store, "m26", NOW)
    assert [await run(store), await run(store)] == [1, None]
    assert await left(store) == {"m25", "m26"}
    assert await run(store, DAY + timedelta(days=1), now=NOW + timedelta(days=1)) == 1
    assert (await store.read(overview.reconcile)).taken == 22


async def test_no_number_is_given_out_twice(store: Store) -> None:
    """Records name their message by its number: the newest one stays until there is another, however old it is."""
    seqs = [await take(store, name, ago(500)) for name in ("m1", "m2")]
    await run(store)
    assert await left(store) == {"m2"}
    seqs += [await take(store, "m3", NOW)]
    assert len(set(seqs)) == 3


async def test_minutes_go_on_while_it_tidies(store: Store) -> None:
    """Between two pages the scheduler looks whether an interval sweep is due."""
    for name in NAMES[:4]:
        await take(store, name, ago(401))
    sweep = sweeps()["retention"]
    assert isinstance(sweep, ChoreSweep)
    now = [NOW]

    async def one_by_one(tx: Transaction, on: date, programme: object) -> int:
        now[0] += timedelta(minutes=1)
        return await retention.forget_messages(tx, ago(400), page=1)

    scheduler = Scheduler(store, example_programme(), lambda: now[0], "one")
    assert await scheduler.run_sweep(ChoreSweep("retention", sweep.at, (one_by_one,)), DAY) == 3
    runs = await store.read(lambda tx: tx.rows("sweeps.last_runs"))
    last = {row["sweep"]: row["for_date"] for row in runs}
    assert (last["retention"], last["ticket_targets"]) == ("2026-06-15", "2026-06-15T15:03")


@pytest.mark.parametrize("state", ["done", "refused"])
async def test_a_message_that_was_forgotten_is_taken_as_new(store: Store, state: inbox.State) -> None:
    """That is the price, after more than a year; until then it is known again."""
    await take(store, "m1", ago(401), state)
    await take(store, "m2", NOW)
    await run(store)
    taken = await store.write(lambda tx: inbox.claim_all(tx, [letter("m1")], NOW))
    assert len(taken) == 1
    assert (await store.read(overview.reconcile)).taken == 3


async def test_a_stop_ends_it_between_two_pages(store: Store) -> None:
    """The process need not wait for all of it; the rest goes on the next day."""
    for name in NAMES[:4]:
        await take(store, name, ago(401))
    stopping = asyncio.Event()

    async def one_and_stop(tx: Transaction, on: date, programme: object) -> int:
        stopping.set()
        return await retention.forget_messages(tx, ago(400), page=1)

    scheduler = Scheduler(store, example_programme(), lambda: NOW, "one")
    assert await scheduler.run_sweep(ChoreSweep("retention", NOW.time(), (one_and_stop,)), DAY, stopping) == 1
    assert await run(store) is None
    assert await run(store, DAY + timedelta(days=1)) == 2
