"""Whatever order statements about records arrive in, they take effect in the order of their transactions (R49)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from store import dispensations
from store.contract import Store, Transaction, as_text
from store.dispensations import Content, Counts
from store.sqlite import open_sqlite

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)


class Said(NamedTuple):
    """One thing said: of which record, what, when its transaction was made, and which days of supply it names."""

    record: str
    status: str
    minute: int
    days: int


SAID = st.builds(
    Said,
    st.sampled_from(["RX1", "RX2"]),
    st.sampled_from(["new", "new", "revise", "void"]),
    st.integers(0, 6),
    st.integers(1, 3),
)


def content(said: Said) -> Content:
    """The record as it is kept."""
    return Content(
        "AB1234563", said.record, "2026-06-11", 0, "30", 0, "active", "2026-06-15", "2026-06-10", said.days, "00093005801",
        "AB1234563", "", "EXAMPLE", "ROBIN", "1980-01-01", "F", "06103", "01", "04", f"DSP~{said.days}", "",
        said_at=as_text(NOW + timedelta(minutes=said.minute)),
    )  # fmt: skip


async def hear(store: Store, said: Said, seq: int) -> Counts:
    """One message says it."""
    counts = Counts()

    async def unit(tx: Transaction) -> None:
        match said.status:
            case "new":
                await dispensations.store_new(tx, [content(said)], now=NOW, seq=seq, counts=counts)
            case "revise":
                await dispensations.revise(tx, content(said), now=NOW, seq=seq, counts=counts)
            case _:
                await dispensations.void(tx, content(said), now=NOW, seq=seq, counts=counts)

    await store.write(unit)
    return counts


def expected(arrived: Sequence[Said]) -> dict[str, int | None]:
    """The obviously right model: sort all by time and arrival, then apply one after the other to a dict."""
    standing: dict[str, int | None] = {}
    for _, said in sorted(enumerate(arrived), key=lambda pair: (pair[1].minute, pair[0])):
        known = standing.get(said.record)
        if said.status == "void":
            standing[said.record] = None
        elif said.status == "revise" or known is None:
            standing[said.record] = said.days
    return standing


async def run(arrived: Sequence[Said], folder: Path) -> dict[str, int | None]:
    """What the store shows in the end; each statement was counted once."""
    store = await open_sqlite(folder / "pmp.db")
    try:
        await store.migrate()
        for seq, said in enumerate(arrived, start=1):
            counts = await hear(store, said, seq)
            assert sum(getattr(counts, name) for name in Counts.__slots__) == 1
        cursor = await store._reader.execute("SELECT prescription_number, state, days_supply FROM dispensations")
        return {row[0]: row[2] if row[1] == "active" else None for row in await cursor.fetchall()}
    finally:
        await store.close()


@settings(max_examples=120, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=9))
@example([Said("RX1", "new", 3, 1), Said("RX1", "new", 1, 2), Said("RX1", "void", 2, 1)])
@example([Said("RX1", s, m, d) for s, m, d in [("new", 1, 1), ("revise", 2, 2), ("new", 4, 1), ("void", 3, 1)]])
@example([Said("RX1", s, m, d) for s, m, d in [("new", 1, 1), ("new", 4, 1), ("revise", 2, 2), ("void", 3, 1)]])
@example([Said("RX1", "void", 2, 1), Said("RX1", "new", 1, 1)])
def test_r49_statements_take_effect_in_the_order_of_their_transactions(arrived: list[Said]) -> None:
    """New, revise and void of any times, arriving in any order, end in the state of the model."""
    with tempfile.TemporaryDirectory() as folder:
        assert asyncio.run(run(arrived, Path(folder))) == expected(arrived)
