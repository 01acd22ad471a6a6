"""Any interleaving of deliveries, duplicates, crashes and redeliveries has each effect exactly once."""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.work import Programme
from messages.codec import Limits, encode
from messages.envelope import Envelope
from messages.errors import StoreAway
from store.sqlite import SqliteStore, open_sqlite
from tests.faulty_store import Fault, FaultyStore, ProcessEnded
from tests.site import Counted, example_ticket
from workers.process import Delivery, Processor

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
PROGRAMME = Programme(
    Policy(),
    Vault({"k1": new_private_key()}),
    ("administrators@example.org",),
    publishers=Publishers({"portal": ("*",)}),
)
CRASHES_MAX = 2  # three counted ones would rightly make a dead letter of a message that only stood nearby


@dataclass(frozen=True)
class Published:
    """One publishing: which id, which ticket; ``ticket`` None is a body that cannot be read."""

    message_id: str
    ticket: str | None

    def envelope(self) -> Envelope:
        body = b"{}" if self.ticket is None else encode(example_ticket(self.ticket))[0]
        return Envelope(self.message_id, "ticket.opened", "portal", body, reply_to="answers")


PUBLISHED = st.builds(Published, st.sampled_from(["m1", "m2", "m3", "m4"]), st.sampled_from(["t1", "t2", "t3", None]))
WRITES = st.sampled_from(["well", "well", "well", "away", "away after commit", "ended", "ended after commit"])


@dataclass
class Broker:
    """Keeps what is not acknowledged and hands it out again, marked as redelivered."""

    ready: deque[Delivery] = field(default_factory=deque)

    def batch(self, size: int) -> list[Delivery]:
        return [self.ready.popleft() for _ in range(min(size, len(self.ready)))]

    def back(self, batch: Sequence[Delivery]) -> None:
        self.ready.extendleft(Delivery(one.envelope, redelivered=True) for one in reversed(batch))


def faults(writes: Sequence[str]) -> list[Fault | None]:
    crashes = 0
    chosen: list[Fault | None] = []
    for write in writes:
        how, _, after = write.partition(" ")
        crashes += how == "ended"
        if how == "well" or (how == "ended" and crashes > CRASHES_MAX):
            chosen.append(None)
        else:
            error = StoreAway("away") if how == "away" else ProcessEnded()
            chosen.append(Fault(error, committed=bool(after)))
    return chosen


async def run(published: Sequence[Published], writes: Sequence[str], sizes: Sequence[int], folder: Path) -> None:
    store: SqliteStore = await open_sqlite(folder / "pmp.db")
    faulty = FaultyStore(store, faults(writes))
    broker = Broker(deque(Delivery(one.envelope()) for one in published))
    with ThreadPoolExecutor(1) as threads:
        try:
            await store.migrate()
            turn = 0
            processor = Processor(faulty, PROGRAMME, lambda: NOW, threads, Limits())
            while broker.ready:
                batch = broker.batch(sizes[turn % len(sizes)])
                turn += 1
                try:
                    await processor.process(batch)
                except StoreAway:
                    broker.ready.extendleft(reversed(batch))  # the lane brings the same deliveries again
                except ProcessEnded:
                    broker.back(batch)
                    processor = Processor(faulty, PROGRAMME, lambda: NOW, threads, Limits())
        finally:
            await store.close()


def expected(published: Sequence[Published]) -> tuple[set[str], set[tuple[str, str | None]]]:
    """The trivial model: the first content of an id counts, all other contents of it are dead; so is what cannot be read."""
    first: dict[str, str | None] = {}
    dead = set()
    for one in published:
        if first.setdefault(one.message_id, one.ticket) != one.ticket or one.ticket is None:
            dead.add((one.message_id, one.ticket))
    return {ticket for ticket in first.values() if ticket is not None}, dead


@settings(max_examples=60)
@given(
    st.lists(PUBLISHED, min_size=1, max_size=12),
    st.lists(WRITES, max_size=12),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
)
@example([Published("m1", "t1")], ["ended", *["away after commit"] * 5], [1])  # counted once, though told five times
def test_each_effect_is_there_exactly_once(published: list[Published], writes: list[str], sizes: list[int]) -> None:
    """Whatever order, duplicates and faults come, the store ends as the trivial model says."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(published, writes, sizes, Path(folder)))
        counted = Counted(Path(folder) / "pmp.db")
        tickets, dead = expected(published)
        assert counted.tickets() == sorted(tickets)
        assert counted.states().get("done", 0) == len(tickets)
        assert counted.states().get("dead", 0) == len(counted.dead()) == len(dead)
        assert sum(counted.states().values()) == len({one.message_id for one in published}) + len(
            {(i, t) for i, t in dead if t is not None or _is_other(published, i)}
        )
        assert counted.staged("ticket.opened_administrators") == len(tickets)
        told = {row[0] for row in counted.rows("SELECT correlation_id FROM outbox WHERE channel = 'answer'")}
        assert told == {one.message_id for one in published}
        assert counted.number("SELECT count(*) FROM attempts") == 0


def _is_other(published: Sequence[Published], message_id: str) -> bool:
    """Whether the unreadable body came under an id that had another content first."""
    return next(one for one in published if one.message_id == message_id).ticket is not None
