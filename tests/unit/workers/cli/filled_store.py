"""A store filled through its own functions, with one message in every state."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from messages.envelope import Envelope
from messages.errors import FieldFault
from store import dead_letters, deferred, inbox, outbox
from store.audit import Operator
from store.contract import Transaction
from store.dead_letters import Reason
from store.outbox import Settled, Staged
from store.sqlite import open_sqlite

NOW = datetime.now(UTC) - timedelta(hours=1)
SAMPLES = Path(__file__).parents[3] / "samples" / "asap"
SECRET = "Rosalind"
BODY = json.dumps({"applicant": {"name": SECRET, "age": 98765432}, "Rosa Lind": 1}).encode()


def message(message_id: str, kind: str = "ticket.opened") -> Envelope:
    return Envelope(message_id=message_id, kind=kind, sender="portal", body=BODY)


async def fill(tx: Transaction) -> None:
    """One message in every state, with what each has left behind."""
    ids = ("good", "no", "later", "broken", "dropped")
    taken = await inbox.claim_all(tx, [message(one) for one in ids], NOW)
    seq = {one: taken["portal", one] for one in ids}
    answer = json.dumps({"status": "refused", "code": "address_taken", "text": "The address is taken."})
    await inbox.settle(tx, seq["no"], "refused", answer, NOW)
    await inbox.settle(tx, seq["later"], "waiting", None, NOW)
    due, end = NOW + timedelta(minutes=5), NOW + timedelta(days=7)
    await deferred.put(
        tx, seq=seq["later"], envelope=message("later"), code="account_unknown", text="The account is not there yet.",
        attempts=2, now=NOW, due_at=due, gives_up_at=end,
    )  # fmt: skip
    reason = Reason("invalid", "A field is at fault.", "applicant.age", (FieldFault("applicant.age", "x", "is bad"),))
    for one in ("broken", "dropped"):
        await inbox.settle(tx, seq[one], "dead", None, NOW)
        await dead_letters.put(
            tx, seq=seq[one], envelope=message(one), reason=reason, origin="process", attempts=1, now=NOW
        )
    await dead_letters.discard(tx, 2, operator=Operator("ada"), why="a test of theirs", now=NOW)
    staged = [Staged("mail", "ticket.opened", "a@example.org", {}, key="k", seq=seq["good"])]
    await outbox.stage_all(tx, [*staged, Staged("event", "ticket.opened", "ticket.opened", {}, seq=seq["good"])], NOW)
    leased = await outbox.lease(tx, "mail", now=NOW, leased_until=due, leased_by="relay", most=1)
    settled = Settled(leased[0].no, "sent", 1, NOW, "250 taken as 77")
    await outbox.settle_all(tx, [settled], "relay", NOW)


def in_store(path: Path, unit: Callable[[Transaction], Awaitable[None]]) -> None:
    async def write() -> None:
        store = await open_sqlite(path)
        try:
            await store.migrate()
            await store.write(unit)
        finally:
            await store.close()

    asyncio.run(write())


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


Pmp = Callable[..., tuple[int, str, str]]
