"""Several workers hear of the same record at the same time: the record ends as the newest transaction says (R49)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from messages.errors import StoreAway
from store import dispensations
from store.contract import Conflict, Store, Transaction, as_text
from store.dispensations import Content, Counts
from tests.conformance.conftest import OpenStore
from tests.conformance.examples import NOW

WORKERS, ROUNDS = 3, 6


def content(minute: int) -> Content:
    """What the transaction of that minute says of the one record."""
    return Content(
        "AB1234563", "RX1", "2026-06-11", 0, "30", 0, "active", "2026-06-15", "2026-06-10", minute + 1, "00093005801",
        "AB1234563", "", "EXAMPLE", "ROBIN", "1980-01-01", "F", "06103", "01", "04", f"DSP~{minute}", "",
        said_at=as_text(NOW + timedelta(minutes=minute)),
    )  # fmt: skip


async def say(store: Store, status: str, minute: int) -> None:
    """One message says it, again and again until its transaction stands."""
    change = dispensations.revise if status == "revise" else dispensations.void

    async def unit(tx: Transaction) -> None:
        await change(tx, content(minute), now=NOW, seq=minute + 1, counts=Counts())

    while True:
        try:
            await store.write(unit)
        except (Conflict, StoreAway):
            continue
        return


@pytest.mark.parametrize("last", ["revise", "void"])
async def test_r49_the_newest_transaction_decides(open_store: OpenStore, last: str) -> None:
    """Revisions and voids of many minutes, newest first and oldest last, over several workers at once."""
    stores = [await open_store() for _ in range(WORKERS)]
    await stores[0].migrate()
    newest = WORKERS * ROUNDS - 1
    said = [(last if minute == newest else ("revise", "void")[minute % 2], minute) for minute in range(newest + 1)]
    for start in range(0, len(said), WORKERS):
        together = said[::-1][start : start + WORKERS] if start % 2 else said[start : start + WORKERS]
        await asyncio.gather(*(say(store, *one) for store, one in zip(stores, together, strict=True)))
    await asyncio.gather(*(say(store, *one) for store, one in zip(stores, said[-WORKERS:][::-1], strict=True)))
    identity = dispensations.identity_of(content(0))
    rows = await stores[0].read(lambda tx: tx.rows("dispensations.said", **identity))
    assert rows[0]["state"] == ("active" if last == "revise" else "voided")
    if last == "revise":
        assert rows[0]["days_supply"] == newest + 1
