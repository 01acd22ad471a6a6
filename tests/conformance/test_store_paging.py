"""Pages of a long answer, on both stores."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from store import bounces, drugs
from store.bounces import Bounce
from store.contract import Store, Transaction
from store.drugs import Drug
from store.paging import Key, paged

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
BY_NUMBER: Key = {"after": ("ndc", "")}


def _drugs(*numbers: int) -> list[Drug]:
    return [Drug(f"{number:09}", "EXAMPLE", "II", "opioid", "over_48_hours", False) for number in numbers]


@pytest.mark.parametrize(("entries", "sizes"), [(0, []), (2, [2]), (3, [3]), (4, [3, 1]), (6, [3, 3])])
async def test_every_row_comes_once_and_no_page_is_empty(store: Store, entries: int, sizes: list[int]) -> None:
    """Whether or not the last page is full."""

    async def unit(tx: Transaction) -> list[list[str]]:
        await drugs.put_all(tx, _drugs(*range(entries)), now=NOW)
        pages = paged(tx, "drugs.listed", page=3, after=BY_NUMBER, schedule="")
        return [[row["ndc"] for row in rows] async for rows in pages]

    pages = await store.write(unit)
    assert [len(page) for page in pages] == sizes
    assert [number for page in pages for number in page] == [drug.ndc for drug in _drugs(*range(entries))]


async def test_rows_added_between_two_pages_shift_none(store: Store) -> None:
    """What is added behind the page comes, what is added before it does not; nobody comes twice."""

    async def unit(tx: Transaction) -> list[str]:
        await drugs.put_all(tx, _drugs(10, 20, 30), now=NOW)
        found: list[str] = []
        async for rows in paged(tx, "drugs.listed", page=2, after=BY_NUMBER, schedule=""):
            found += [row["ndc"].lstrip("0") for row in rows]
            await drugs.put_all(tx, _drugs(5, 15, 25), now=NOW)
        return found

    assert await store.write(unit) == ["10", "20", "25", "30"]


async def test_rows_of_one_moment_are_told_apart_by_the_rest_of_the_key(store: Store) -> None:
    """A page may end between two of the same time."""

    async def unit(tx: Transaction) -> list[str]:
        for number in range(5):
            await bounces.mark(tx, Bounce(f"{number}@example.org", "permanent", NOW, 1))
        return [one.address async for page in bounces.marked(tx, page=2) for one in page]

    assert await store.write(unit) == [f"{number}@example.org" for number in range(5)]
