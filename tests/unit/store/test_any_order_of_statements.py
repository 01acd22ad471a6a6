"""Whatever order statements about records arrive in, they take effect in the order of their transactions (R49)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store import dispensations
from store.contract import Transaction, as_text
from store.dispensations import Content, Counts
from store.sqlite import SqliteTransaction
from store.statements import migrations, script_parts

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables() -> Iterator[sqlite3.Connection]:
    """Empty tables in memory: many orders are tried, and no disk is asked."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        for _, script in migrations("sqlite"):
            for part in script_parts(script):
                connection.execute(part)
        yield connection


class Said(NamedTuple):
    """One thing said: of which record, what, when its transaction was made, and which days of supply it names."""

    record: str
    status: str
    minute: int
    days: int


# A record that is sent again as new is the same again (R48); what is different is said by a revision (R49).
SAID = st.builds(
    Said, st.sampled_from(["RX1", "RX2"]), st.sampled_from(["new", "new", "void"]), st.integers(0, 6), st.just(1)
) | st.builds(Said, st.sampled_from(["RX1", "RX2"]), st.just("revise"), st.integers(0, 6), st.integers(1, 3))


def content(said: Said) -> Content:
    """The record as it is kept."""
    return Content(
        "AB1234563", said.record, "2026-06-11", 0, "30", 0, "active", "2026-06-15", "2026-06-10", said.days, "00093005801",
        "AB1234563", "", "EXAMPLE", "ROBIN", "1980-01-01", "F", "06103", "01", "04", f"DSP~{said.days}", "",
        said_at=as_text(NOW + timedelta(minutes=said.minute)),
    )  # fmt: skip


async def hear(tx: Transaction, said: Said, seq: int) -> Counts:
    """One message says it."""
    counts = Counts()
    match said.status:
        case "new":
            await dispensations.store_new(tx, [content(said)], now=NOW, seq=seq, counts=counts)
        case "revise":
            await dispensations.revise(tx, content(said), now=NOW, seq=seq, counts=counts)
        case _:
            await dispensations.void(tx, content(said), now=NOW, seq=seq, counts=counts)
    return counts


BECAME = {
    "new": ("stored", "duplicates"), "revise": ("stored", "revised"), "void": ("voids_not_found", "voided"),
}  # fmt: skip


def counted(arrived: Sequence[Said]) -> str:
    """What becomes of the last one, by whether its record stands just before it in the order of all that arrived so far."""
    last = arrived[-1]
    before = [said for said in arrived[:-1] if said.minute <= last.minute]
    return BECAME[last.status][expected(before).get(last.record) is not None]


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


async def run(tx: Transaction, arrived: Sequence[Said]) -> None:
    """Let all be heard in their order of arrival; each is counted once."""
    for seq, said in enumerate(arrived, start=1):
        counts = await hear(tx, said, seq)
        assert sum(getattr(counts, name) for name in Counts.__slots__) == 1


@settings(max_examples=300)
@given(st.lists(SAID, min_size=1, max_size=9))
@example([Said("RX1", "new", 3, 1), Said("RX1", "new", 1, 1), Said("RX1", "void", 2, 1)])
@example([Said("RX1", s, m, d) for s, m, d in [("new", 1, 1), ("revise", 2, 2), ("new", 4, 1), ("void", 3, 1)]])
@example([Said("RX1", s, m, d) for s, m, d in [("new", 1, 1), ("new", 4, 1), ("revise", 2, 2), ("void", 3, 1)]])
@example([Said("RX1", s, m, 1) for s, m in [("new", 0), ("new", 1), ("new", 0), ("void", 1), ("new", 0)]])
@example([Said("RX1", "void", 2, 1), Said("RX1", "new", 1, 1)])
@example([Said("RX1", s, m, d) for s, m, d in [("new", 0, 2), ("new", 3, 2), ("new", 4, 1), ("void", 2, 3)]])
def test_r49_statements_take_effect_in_the_order_of_their_transactions(
    tables: sqlite3.Connection, arrived: list[Said]
) -> None:
    """New, revise and void of any times, arriving in any order, end in the state of the model."""
    tables.execute("DELETE FROM dispensations")
    tables.execute("DELETE FROM dispensation_versions")
    asyncio.run(run(SqliteTransaction(tables), arrived))
    found = tables.execute("SELECT prescription_number, state, days_supply FROM dispensations").fetchall()
    assert {row[0]: row[2] if row[1] == "active" else None for row in found} == expected(arrived)


@pytest.mark.parametrize(
    "arrived",
    [
        [("new", 1), ("new", 3), ("revise", 4), ("void", 1), ("new", 3)],
        [("new", 1), ("new", 3), ("void", 4), ("void", 1), ("void", 3)],
        [("revise", 3), ("new", 1), ("void", 2), ("revise", 2)],
    ],
)
def test_r49_counts_are_those_that_the_file_would_have_got_in_time(
    tables: sqlite3.Connection, arrived: list[tuple[str, int]]
) -> None:
    """Also where a duplicate, since revised or voided, is what stood just before."""
    tables.execute("DELETE FROM dispensations")
    tables.execute("DELETE FROM dispensation_versions")
    said = [Said("RX1", status, minute, 3) for status, minute in arrived]
    for seq in range(1, len(said) + 1):
        counts = asyncio.run(hear(SqliteTransaction(tables), said[seq - 1], seq))
        assert {name: count for name, count in counts.by_name().items() if count} == {counted(said[:seq]): 1}
