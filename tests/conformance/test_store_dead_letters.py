"""Dead letters are kept whole, found by what they have in common, and resolved once."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import pytest

from messages.errors import FieldFault
from store import dead_letters, inbox
from store.audit import Operator
from store.contract import Store, Transaction
from store.dead_letters import Filter, Reason
from store.deferred import envelope_of
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW, WEEK, bury, later, lease, letter, taken


async def _state(store: Store, name: str = "m1") -> str:
    seen = await store.read(lambda tx: inbox.seen(tx, "portal", name))
    assert seen is not None
    return seen.state


async def _replay(store: Store, no: int, *, at: datetime = NOW) -> bool:
    return await store.write(
        lambda tx: dead_letters.replay(tx, no, operator=Operator("sam"), why="mended", now=at, gives_up_at=at + WEEK)
    )


async def _discard(store: Store, no: int) -> bool:
    return await store.write(
        lambda tx: dead_letters.discard(tx, no, operator=Operator("sam"), why="a test", now=later(1))
    )


async def test_a_letter_is_kept_whole(store: Store) -> None:
    """Message, reason and every field at fault come back; listing never shows a body."""
    seq = await taken(store, letter())
    reason = Reason("invalid", "2 fields are at fault.", "subject", (FieldFault("subject", "missing", "is missing"),))

    async def unit(tx: Transaction) -> None:
        await dead_letters.put(tx, seq=seq, envelope=letter(), reason=reason, origin="broker", attempts=3, now=NOW)

    await store.write(unit)
    (listed,) = await store.read(lambda tx: dead_letters.listed(tx, Filter()))
    assert "body" not in listed.keys()  # type: ignore[attr-defined]  # noqa: SIM118 - a row is not a mapping
    row = await store.read(lambda tx: dead_letters.one(tx, listed["no"]))
    assert row is not None
    assert envelope_of(row) == letter()
    assert (row["origin"], row["code"], row["field"], row["attempts"]) == ("broker", "invalid", "subject", 3)
    assert json.loads(row["faults"]) == [["subject", "missing", "is missing"]]
    assert await store.read(lambda tx: dead_letters.one(tx, listed["no"] + 1)) is None


@pytest.mark.parametrize(
    ("which", "names"),
    [
        (Filter(), ["m1", "m2", "m3"]),
        (Filter(code="malformed"), ["m2"]),
        (Filter(sender="gateway"), ["m3"]),
        (Filter(sender="gateway", code="malformed"), []),
        (Filter(kind="ticket.opened"), ["m1", "m2", "m3"]),
        (Filter(kind="ticket"), []),
        (Filter(state="discarded"), ["m4"]),
        (Filter(state=""), ["m1", "m2", "m3", "m4"]),
    ],
)
async def test_letters_are_found_by_what_they_have_in_common(store: Store, which: Filter, names: list[str]) -> None:
    """An empty field is any; oldest first."""
    await bury(store, letter("m1"))
    await bury(store, letter("m2"), code="malformed")
    await bury(store, letter("m3", sender="gateway"))
    await _discard(store, await bury(store, letter("m4")))
    rows = await store.read(lambda tx: dead_letters.listed(tx, which))
    assert [row["message_id"] for row in rows] == names


async def test_letters_come_a_page_at_a_time(store: Store) -> None:
    """The next page begins after the last number of the one before."""
    numbers = [await bury(store, letter(f"m{number}")) for number in range(5)]
    first = await store.read(lambda tx: dead_letters.listed(tx, Filter(), most=3))
    rest = await store.read(lambda tx: dead_letters.listed(tx, Filter(), most=3, after=first[-1]["no"]))
    assert [row["no"] for row in (*first, *rest)] == numbers


async def test_a_replayed_letter_waits_for_its_turn(store: Store) -> None:
    """One transaction moves it; it is leased at once with its old envelope and without old attempts, handed in as long ago."""
    no = await bury(store, letter())
    assert await _replay(store, no, at=later(60))
    assert await _state(store) == "waiting"
    (waiting,) = await lease(store, at=later(60))
    assert (waiting.envelope, waiting.attempts, waiting.code) == (letter(), 1, "replayed")
    assert (waiting.handed_in_at, waiting.deferred_at) == (NOW, later(60))


async def test_a_discarded_letter_stays_with_its_reason(store: Store) -> None:
    """It is closed for good and says who closed it, and why."""
    no = await bury(store, letter())
    assert await _discard(store, no)
    assert await _state(store) == "discarded"
    row = await store.read(lambda tx: dead_letters.one(tx, no))
    assert row is not None
    assert (row["state"], row["resolved_by"], row["resolved_why"]) == ("discarded", "sam", "a test")
    assert await lease(store) == []


async def test_a_letter_is_resolved_once(store: Store) -> None:
    """Whoever comes second is told so, and nothing changes; an unknown letter is not open either."""
    no = await bury(store, letter())
    assert await _discard(store, no)
    assert not await _replay(store, no)
    assert not await _discard(store, no)
    assert not await _replay(store, no + 1)
    assert await _state(store) == "discarded"
    acts = await store.read(lambda tx: tx.rows("overview.acts", object=f"dead letter {no}"))
    assert [(row["act"], row["operator"], row["why"]) for row in acts] == [("dead letter discarded", "sam", "a test")]


async def test_two_operators_at_once_resolve_once(open_store: OpenStore, store: Store) -> None:
    """One replays while another discards: one of them wins, and the message stands where the winner put it."""
    no = await bury(store, letter())
    other = await open_store()
    replayed, discarded = await asyncio.gather(_replay(store, no), _discard(other, no))
    assert replayed != discarded
    assert await _state(store) == ("waiting" if replayed else "discarded")
    assert len(await lease(store)) == int(replayed)


async def test_a_letter_can_die_again_after_its_replay(store: Store) -> None:
    """Each death is a letter of its own; only the last is open."""
    no = await bury(store, letter())
    await _replay(store, no)
    (waiting,) = await lease(store)
    again = Reason("invalid", "Still at fault.")

    async def die(tx: Transaction) -> None:
        await inbox.settle(tx, waiting.seq, "dead", None, NOW)
        await dead_letters.put(
            tx, seq=waiting.seq, envelope=waiting.envelope, reason=again, origin="process", attempts=2, now=NOW
        )

    await store.write(die)
    rows = await store.read(lambda tx: dead_letters.listed(tx, Filter(state="")))
    assert [row["state"] for row in rows] == ["replayed", "open"]
