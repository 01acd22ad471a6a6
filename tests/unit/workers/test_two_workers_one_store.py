"""Two workers take one dispenser's files at once, in any order and repeated: the store ends as if one had (R48, R49)."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.work import Programme
from messages.codec import Limits
from messages.envelope import ASAP, Envelope
from messages.errors import StoreAway
from store.contract import Store
from store.sqlite import open_sqlite
from tests.unit.handlers.dispensing import dispensing, file
from workers.process import Delivery, Processor

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
PROGRAMME = Programme(
    Policy(), Vault({}), ("administrators@example.org",), publishers=Publishers({"gateway": ("dispensation.*",)})
)
CODES = {"new": "00", "revise": "01", "void": "02"}


@dataclass(frozen=True)
class Said:
    """One record of a file."""

    record: str
    status: str
    days: int


@dataclass(frozen=True)
class Filed:
    """A file: the minute in which it was made is its number too; how often it is sent, and by which worker each is taken."""

    minute: int
    said: tuple[Said, ...]
    takers: tuple[int, ...]

    def deliveries(self) -> list[tuple[int, Delivery]]:
        """Each sending is a message of its own or the same message again."""
        records = [dispensing(one.record, CODES[one.status], DSP10=str(one.days)) for one in self.said]
        made_at = NOW.astimezone(PROGRAMME.policy.zone) - timedelta(minutes=30 - self.minute)
        body = file(f"T{self.minute}", *records, created_at=made_at)
        return [
            (
                taker,
                Delivery(
                    Envelope(f"m{self.minute}-{place // 2}", "dispensation.file_submitted", "gateway", body, ASAP)
                ),
            )
            for place, taker in enumerate(self.takers)
        ]


# A record that is sent again as new is the same again (R48); what is different is said by a revision (R49).
SAID = st.builds(Said, st.sampled_from("12"), st.sampled_from(["new", "void"]), st.just(1)) | st.builds(
    Said, st.sampled_from("12"), st.just("revise"), st.integers(1, 5)
)
FILES = st.lists(
    st.builds(
        Filed,
        st.integers(0, 20),
        st.lists(SAID, min_size=1, max_size=3).map(tuple),
        st.lists(st.integers(0, 1), min_size=1, max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda filed: filed.minute,
)


async def take(processor: Processor, deliveries: Sequence[Delivery], size: int) -> None:
    """One worker: batch after batch, and a batch again while the other worker holds the store."""
    for start in range(0, len(deliveries), size):
        batch = deliveries[start : start + size]
        while True:
            try:
                await processor.process(batch)
            except StoreAway:
                continue
            break


async def run(deliveries: Sequence[tuple[int, Delivery]], sizes: tuple[int, int], path: Path) -> None:
    stores: list[Store] = [await open_sqlite(path), await open_sqlite(path)]
    await stores[0].migrate()
    with ThreadPoolExecutor(2) as threads:
        try:
            workers = [Processor(store, PROGRAMME, lambda: NOW, threads, Limits()) for store in stores]
            shares = [[delivery for taker, delivery in deliveries if taker == number] for number in (0, 1)]
            await asyncio.gather(*(take(workers[number], shares[number], sizes[number]) for number in (0, 1)))
        finally:
            for store in stores:
                await store.close()


def expected(filed: Sequence[Filed]) -> dict[str, int | None]:
    """The obviously right model: every file once, in the order they were made, each record applied to a dict."""
    standing: dict[str, int | None] = {}
    for one in sorted(filed, key=lambda each: each.minute):
        for said in one.said:
            if said.status == "void":
                standing[said.record] = None
            elif said.status == "revise" or standing.get(said.record) is None:
                standing[said.record] = said.days
    return standing


@settings(max_examples=25)
@given(FILES, st.randoms(use_true_random=False), st.tuples(st.integers(1, 3), st.integers(1, 3)))
def test_r49_any_interleaving_ends_in_the_state_of_the_model(
    filed: list[Filed], chance: object, sizes: tuple[int, int]
) -> None:
    """New, revise, void and repeated files over two workers; every message is settled, each transaction counted once."""
    deliveries = [delivery for one in filed for delivery in one.deliveries()]
    chance.shuffle(deliveries)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pmp.db"
        asyncio.run(run(deliveries, sizes, path))
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT prescription_number, state, days_supply FROM dispensations").fetchall()
            assert {row[0]: row[2] if row[1] == "active" else None for row in found} == expected(filed)
            settled = connection.execute("SELECT count(*) FROM inbox WHERE state = 'done'").fetchone()[0]
            assert settled == len({delivery.envelope.message_id for _, delivery in deliveries})
            assert connection.execute("SELECT count(*) FROM submissions").fetchone()[0] == len(filed)
