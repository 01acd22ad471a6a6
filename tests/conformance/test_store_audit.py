"""The audit trail: any change, removal or other order of its rows is found, whoever writes at the same time (R60)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from store import audit
from store.audit import Break, Entry, Head, Recording
from store.contract import Store, Transaction, Value, as_text
from tests.conformance.change import change
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW, later

KEY = b"a made-up key"
COLUMNS = ("acted_at", "actor", "on_behalf", "act", "outcome", "message_id", "record", "changes", "hash")


def entry(number: int) -> Entry:
    changes = [("accounts.suspend", {"state": audit.hashed("suspended", KEY), "until": None})]
    return Entry("portal", "account.suspended", "done", "a@example.org", f"m{number}", f"REG-{number}", changes)


async def appended(store: Store, *numbers: int) -> None:
    await store.write(lambda tx: audit.append(tx, [entry(number) for number in numbers], now=NOW, key=KEY))


async def broken(store: Store, *, key: bytes = KEY, expected: Sequence[Head] = ()) -> list[Break]:
    async def unit(tx: Transaction) -> list[Break]:
        pages = [found async for found in audit.verify(tx, key=key, expected=expected)]
        return pages[-1].breaks

    return await store.read(unit)


async def test_r60_an_untouched_trail_fits(store: Store) -> None:
    """However many transactions wrote it; an empty one fits too."""
    assert await broken(store) == []
    await appended(store, 1, 2, 3)
    await appended(store)
    await appended(store, 4)
    assert await broken(store) == []
    assert [(head.chain, head.place) for head in await store.read(audit.heads)] == [(0, 4)]


@pytest.mark.parametrize("column", COLUMNS)
async def test_r60_a_change_of_any_field_is_found(store: Store, store_url: str, column: str) -> None:
    """At its place."""
    await appended(store, 1, 2, 3)
    await change(store_url, f"UPDATE audit SET {column} = {column} || 'x' WHERE place = 2")
    assert 2 in {one.place for one in await broken(store)}


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("DELETE FROM audit WHERE place = 1", 1),
        ("DELETE FROM audit WHERE place = 2", 2),
        ("DELETE FROM audit WHERE place = 3", 2),
        ("UPDATE audit SET place = place + 1 WHERE place = 3", 3),
        ("UPDATE audit SET chain = 1 WHERE place = 3", 2),
        ("UPDATE audit_heads SET place = 2 WHERE chain = 0", 3),
    ],
)
async def test_r60_a_removal_is_found(store: Store, store_url: str, statement: str, place: int) -> None:
    """At the first place that does not fit, the end of the chain included."""
    await appended(store, 1, 2, 3)
    await change(store_url, statement)
    assert (0, place) in {(one.chain, one.place) for one in await broken(store)}


async def test_r60_another_order_is_found(store: Store, store_url: str) -> None:
    """Two rows that changed places."""
    await appended(store, 1, 2, 3)
    for statement in ("place = 9 WHERE place = 1", "place = 1 WHERE place = 2", "place = 2 WHERE place = 9"):
        await change(store_url, f"UPDATE audit SET {statement}")
    assert {one.place for one in await broken(store)} >= {1, 2}


async def test_r60_whoever_has_no_key_cannot_make_a_chain_that_fits(store: Store) -> None:
    """A trail written again under another key is found whole."""
    await appended(store, 1, 2)
    assert {one.place for one in await broken(store, key=b"another key")} == {1, 2}


async def test_r60_a_head_kept_elsewhere_finds_a_trail_cut_at_its_end(store: Store, store_url: str) -> None:
    """Rows and head both set back: only what is kept elsewhere tells."""
    await appended(store, 1, 2)
    before = await store.read(audit.heads)
    await appended(store, 3)
    after = await store.read(audit.heads)
    assert await broken(store, expected=[*before, *after]) == []
    await change(store_url, "DELETE FROM audit WHERE place = 3")
    await change(store_url, f"UPDATE audit_heads SET place = 2, hash = '{before[0].hash}' WHERE chain = 0")
    assert await broken(store, expected=before) == []
    assert [one.place for one in await broken(store, expected=after)] == [3]


async def test_r60_concurrent_writers_keep_chains_that_fit(open_store: OpenStore, store: Store) -> None:
    """Every entry is there once, whichever chain its writer took."""
    stores = [store, await open_store(), await open_store()]
    for _ in range(5):
        await asyncio.gather(*(appended(one, *range(10)) for one in stores * 2))
    assert await broken(store) == []
    assert sum(head.place for head in await store.read(audit.heads)) == 5 * 6 * 10


async def test_r60_the_trail_tells_of_a_record_an_actor_and_a_time(store: Store) -> None:
    """Oldest first; a person is found by the address that a portal named."""
    await appended(store, 1, 2, 1)
    of_record = await store.read(lambda tx: audit.of_record(tx, "REG-1"))
    assert [row["message_id"] for row in of_record] == ["m1", "m1"]
    for actor, number in (("portal", 3), ("a@example.org", 3), ("b@example.org", 0)):
        assert len(await store.read(lambda tx, actor=actor: audit.of_actor(tx, actor))) == number  # type: ignore[misc]
    assert len(await store.read(lambda tx: audit.since(tx, "2020-01-01"))) == 3
    newest = await store.read(lambda tx: audit.since(tx, "", most=2))
    assert [row["record"] for row in newest] == ["REG-2", "REG-1"]
    for asked, number in (({"actor": "portal"}, 2), ({"actor": "b@example.org"}, 0), ({"since": "2999"}, 0)):
        found = await store.read(lambda tx, asked=asked: audit.of_record(tx, "REG-1", **asked))  # type: ignore[misc]
        assert len(found) == number
    assert len(await store.read(lambda tx: audit.since(tx, as_text(later(3600))))) == 0


async def test_r60_a_recording_notes_what_was_written_and_no_value(store: Store) -> None:
    """Statements that changed nothing, or only looked, are not noted."""

    async def unit(tx: Transaction) -> Recording:
        recording = Recording(tx, KEY)
        values: dict[str, Value] = {"act": "a", "object": "b", "operator": "c", "why": "d", "acted_at": "e"}
        await recording.run("dead_letters.record_act", **values)
        await recording.row("audit.take_head")
        await recording.rows("audit.heads")
        await recording.run("audit.move_head", chain=99, place=1, hash="")
        assert recording.writes == tx.writes == 1
        return recording

    recording = await store.write(unit)
    assert [statement for statement, _ in recording.changes] == ["dead_letters.record_act"]
    fields = recording.changes[0][1]
    assert set(fields) == {"act", "object", "operator", "why", "acted_at"}
    assert fields["why"] == audit.hashed("d", KEY)
    assert fields["why"] != audit.hashed("d", b"another key")
