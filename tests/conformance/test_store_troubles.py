"""Troubles: what fails stands there with its number and its beginning until it ends, and begins anew after that."""

from __future__ import annotations

from datetime import timedelta

from store import troubles
from store.contract import Store
from store.troubles import Trouble
from tests.conformance.examples import NOW, later


async def standing(store: Store, *, after: float = -1) -> list[Trouble]:
    return list(await store.read(lambda tx: troubles.standing(tx, after=NOW + timedelta(seconds=after))))


async def note(store: Store, part: str, error: str, seconds: float) -> None:
    await store.write(lambda tx: troubles.note(tx, part, error, later(seconds)))


async def test_a_trouble_is_counted_until_it_ends(store: Store) -> None:
    """Its last error is told, and since when it is; others are none of its business."""
    await note(store, "sweep a", "KeyError", 2)
    await note(store, "sweep b", "KeyError", 1)
    await note(store, "sweep a", "ValueError", 9)
    assert await standing(store) == [
        Trouble("sweep b", "KeyError", 1, later(1), later(1)),
        Trouble("sweep a", "ValueError", 2, later(2), later(9)),
    ]
    assert [one.part for one in await standing(store, after=5)] == ["sweep a"]
    await store.write(lambda tx: troubles.finish(tx, "sweep a", later(10)))
    assert [one.part for one in await standing(store)] == ["sweep b"]
    await note(store, "sweep a", "KeyError", 20)
    assert (await standing(store))[1] == Trouble("sweep a", "KeyError", 1, later(20), later(20))


async def test_what_never_failed_ends_without_a_trace(store: Store) -> None:
    """Each sweep that goes well says so."""
    await store.write(lambda tx: troubles.finish(tx, "sweep a", NOW))
    assert await standing(store) == []
