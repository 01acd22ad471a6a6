"""Whatever order statements about records arrive in, they take effect in the order of their transactions (R49)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import groupby
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


BECAME = {
    "new": ("stored", "duplicates"), "revise": ("stored", "revised"), "void": ("voids_not_found", "voided"),
}  # fmt: skip


def counted(arrived: Sequence[Said]) -> str:
    """What becomes of the last one, by whether its record stands just before it in the order of all that arrived so far."""
    last = arrived[-1]
    before = [said for said in arrived[:-1] if said.minute <= last.minute]
    return BECAME[last.status][expected(before).get(last.record) is not None]


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


class File(NamedTuple):
    """One message: when its transaction was made, and what it says of one record, in its order."""

    minute: int
    says: tuple[tuple[str, int], ...]


STATUSES = st.lists(st.sampled_from(["new", "revise", "void"]), min_size=1, max_size=3)
# What one file says of a record as new, it says alike each time; of another file it may be something else.
FILES = st.builds(
    lambda minute, days, statuses: File(minute, tuple((one, days + (one == "revise")) for one in statuses)),
    st.integers(0, 4), st.integers(1, 3), STATUSES,
)  # fmt: skip
NEW, REVISED, VOID = ("new", 1), ("revise", 2), ("void", 1)


class Timeline:
    """The obviously right model: everything said of the record, sorted anew for each statement and gone through."""

    def __init__(self) -> None:
        self.said: list[tuple[int, int, int, str, int]] = []

    def add(self, file: File, seq: int) -> list[str]:
        """Return what each statement of the file would have become, had all that is known come in time (R49)."""
        became = []
        for place, (status, days) in enumerate(file.says):
            one = (file.minute, seq, place, status, days)
            self.said.append(one)
            was_active = self.shows(before=one) is not None
            became.append(
                {"new": "duplicates", "revise": "revised", "void": "voided"}[status]
                if was_active
                else {"new": "stored", "revise": "stored", "void": "voids_not_found"}[status]
            )
        return became

    def shows(self, before: tuple[int, int, int, str, int] | None = None) -> int | None:
        """The days of supply that stand after all, or before one statement; None where no record stands."""
        days: int | None = None
        for one in sorted(self.said):
            if one == before:
                break
            match one[3]:
                case "void":
                    days = None
                case "revise":
                    days = one[4]
                case _ if days is None:
                    days = one[4]
        return days


async def hear_file(tx: Transaction, file: File, seq: int) -> Counts:
    """One message says all of it; what is new and follows one another is heard at once, as a file's is."""
    counts = Counts()
    for status, group in groupby(file.says, key=lambda one: one[0]):
        contents = [content(Said("RX1", status, file.minute, days)) for _, days in group]
        if status == "new":
            await dispensations.store_new(tx, contents, now=NOW, seq=seq, counts=counts)
            continue
        change = dispensations.revise if status == "revise" else dispensations.void
        for one in contents:
            await change(tx, one, now=NOW, seq=seq, counts=counts)
    return counts


@settings(max_examples=400)
@given(st.lists(FILES, min_size=1, max_size=5))
@example([File(1, (NEW,)), File(2, (REVISED, VOID))])
@example([File(1, (NEW,)), File(2, (VOID, REVISED))])
@example([File(3, (NEW,)), File(1, (VOID,)), File(0, (NEW,))])
@example([File(2, (REVISED,)), File(1, (NEW,)), File(3, (("new", 3),))])
@example([File(1, (NEW,)), File(0, (NEW, VOID, NEW))])
@example([File(0, (NEW,)), File(2, (NEW,)), File(4, (NEW,)), File(1, (VOID,)), File(3, (REVISED,))])
def test_r49_files_are_counted_as_if_they_had_come_in_time(tables: sqlite3.Connection, arrived: list[File]) -> None:
    """Also where one says several things of one record, and where what is new says something else than what stands."""
    tables.execute("DELETE FROM dispensations")
    tables.execute("DELETE FROM dispensation_versions")
    tx, model = SqliteTransaction(tables), Timeline()
    for seq, file in enumerate(arrived, start=1):
        expected_counts = Counter(model.add(file, seq))
        assert Counter(dict(asyncio.run(hear_file(tx, file, seq)).by_name())) == expected_counts
        row = tables.execute("SELECT state, days_supply FROM dispensations").fetchone()
        assert (row[1] if row[0] == "active" else None) == model.shows()
