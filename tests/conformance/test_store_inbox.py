"""The inbox takes each message once, whoever brings it and however often."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from store import inbox
from store.contract import Store
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW, later, letter, take, taken


async def test_a_message_is_taken_once(store: Store) -> None:
    """A second delivery, in the same batch or later, is missing in the result."""
    first = await take(store, letter("m1"), letter("m2"), letter("m1"))
    assert set(first) == {("portal", "m1"), ("portal", "m2")}
    assert await take(store, letter("m2"), letter("m1")) == {}
    assert set(await take(store, letter("m2"), letter("m3"))) == {("portal", "m3")}


async def test_the_same_id_of_another_sender_is_another_message(store: Store) -> None:
    """Sender and id together make a message the same message."""
    taken_now = await take(store, letter("m1"), letter("m1", sender="gateway"))
    assert len(set(taken_now.values())) == 2


async def test_nothing_taken_is_nothing(store: Store) -> None:
    """An empty batch changes nothing."""
    assert await take(store) == {}


async def test_concurrent_writers_take_each_message_once(open_store: OpenStore, store: Store) -> None:
    """Batches that overlap, in any order, share the messages among their workers without a rest and without a twin."""
    stores = [store, await open_store(), await open_store()]
    letters = [letter(f"m{number:03}") for number in range(120)]
    batches = [letters[:80], letters[40:][::-1], letters[::2]]
    results = await asyncio.gather(*(take(one, *batch) for one, batch in zip(stores, batches, strict=True)))
    won = [key for result in results for key in result]
    assert sorted(won) == [one.key for one in letters]


async def test_what_was_seen_is_told(store: Store) -> None:
    """Number, digest, outcome and answer of a message; None when it never came."""
    seq = await taken(store, letter())
    seen = await store.read(lambda tx: inbox.seen(tx, "portal", "m1"))
    assert seen == inbox.Seen(seq, letter().digest(), "done", None)
    await store.write(lambda tx: inbox.settle(tx, seq, "refused", '{"status":"refused"}', later(1)))
    seen = await store.read(lambda tx: inbox.seen(tx, "portal", "m1"))
    assert seen == inbox.Seen(seq, letter().digest(), "refused", '{"status":"refused"}')
    assert await store.read(lambda tx: inbox.seen(tx, "gateway", "m1")) is None


async def test_the_outcomes_of_a_batch_are_written_together(store: Store) -> None:
    """Each message has its own outcome and answer; those not named stay as they are."""
    numbers = await take(store, letter("m1"), letter("m2"), letter("m3"))
    answer = '{"text":"Zoë wrote \\"no\\""}'
    endings = [
        inbox.Ending(numbers["portal", "m1"], "refused", answer),
        inbox.Ending(numbers["portal", "m3"], "waiting", None),
    ]
    await store.write(lambda tx: inbox.settle_all(tx, endings, later(1)))
    await store.write(lambda tx: inbox.settle_all(tx, [], later(2)))
    rows = [row for name in ("m1", "m2", "m3") for row in await store.read(partial(inbox.find, message_id=name))]
    assert [(row["state"], row["answer"]) for row in rows] == [("refused", answer), ("done", None), ("waiting", None)]


async def test_answers_are_kept_for_whoever_asks_again(store: Store) -> None:
    """Each message's own, its outcome as it was; those not named have none."""
    numbers = await take(store, letter("m1"), letter("m2"), letter("m3"))
    answers = {numbers["portal", "m1"]: '{"text":"Zoë wrote \\"no\\""}', numbers["portal", "m3"]: "{}"}
    await store.write(lambda tx: inbox.answer_all(tx, answers))
    await store.write(lambda tx: inbox.answer_all(tx, {}))
    rows = [row for name in ("m1", "m2", "m3") for row in await store.read(partial(inbox.find, message_id=name))]
    assert [row["answer"] for row in rows] == ['{"text":"Zoë wrote \\"no\\""}', None, "{}"]
    assert {row["state"] for row in rows} == {"done"}


async def test_a_message_is_found_by_its_id(store: Store) -> None:
    """Whoever sent it; sizes and times as they were."""
    await take(store, letter("m1"), letter("m1", sender="gateway"), letter("m2"))
    rows = await store.read(lambda tx: inbox.find(tx, "m1"))
    assert sorted(row["sender"] for row in rows) == ["gateway", "portal"]
    assert {(row["body_bytes"], row["received_at"]) for row in rows} == {(10, "2026-11-24T08:41:42.123456Z")}


async def _attempts(store: Store, message_id: str = "m1") -> int:
    return await store.read(lambda tx: inbox.attempts(tx, letter(message_id)))


async def _set_attempts(store: Store, count: int, message_id: str = "m1") -> None:
    await store.write(lambda tx: inbox.set_attempts(tx, letter(message_id), count))


async def test_attempts_are_remembered_and_forgotten(store: Store) -> None:
    """Each message has a count of its own; written twice it is the same, it never falls, forgotten it begins anew."""
    assert await _attempts(store) == 0
    for count, known in ((1, 1), (2, 2), (2, 2), (3, 3), (2, 3)):
        await _set_attempts(store, count)
        assert await _attempts(store) == known
    await _set_attempts(store, 1, "m2")
    await store.write(lambda tx: inbox.forget_attempts(tx, letter()))
    assert (await _attempts(store), await _attempts(store, "m2")) == (0, 1)


@pytest.mark.parametrize("name", ["ünï-✓", "'; DROP TABLE inbox; --", '"quoted"\\', "line\nbreak", "x" * 255])
async def test_any_id_is_only_an_id(store: Store, name: str) -> None:
    """Quotes, line breaks and letters of any script come back as they were."""
    taken_now = await store.write(lambda tx: inbox.claim_all(tx, [letter(name)], NOW))
    assert set(taken_now) == {("portal", name)}
    assert await store.read(lambda tx: inbox.seen(tx, "portal", name)) is not None
