"""Everything in a store, read past all statements."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from messages.envelope import Envelope
from store import inbox
from store.every_row import every_row
from store.sqlite import open_sqlite


async def test_every_row_is_read_while_the_store_is_open(tmp_path: Path) -> None:
    """What was committed a moment ago is there, each column by its name, nothing as an empty text."""
    store = await open_sqlite(tmp_path / "pmp.db")
    try:
        await store.migrate()
        envelope = Envelope("m1", "ticket.opened", "portal", b"{}")
        await store.write(lambda tx: inbox.claim_all(tx, [envelope], datetime(2026, 1, 1, tzinfo=UTC)))

        rows = (await every_row(str(tmp_path / "pmp.db")))["inbox"]

        assert [(row["message_id"], row["kind"], row["answer"]) for row in rows] == [("m1", "ticket.opened", "")]
    finally:
        await store.close()
