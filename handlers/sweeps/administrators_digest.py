"""One e-mail a day tells the administrators what waits, what is late and what needs a decision; none when nothing does (R11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time

from pydantic import JsonValue

from handlers.digest.listing import Look, listings
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import sweeps
from store.contract import Transaction
from store.outbox import Staged

NAME = "administrators_digest"


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    sections: list[JsonValue] = []
    look = Look(tx, today, programme, await sweeps.last_before(tx, NAME, today))
    for listing in listings():
        found = await listing.find(look)
        if found.number:
            more = [f"and {found.left_out} more"] if found.left_out else []
            rows: list[JsonValue] = [*found.rows, *more]
            sections.append({"title": f"{listing.title} ({found.number})", "to_do": listing.to_do, "rows": rows})
    if sections:
        yield [_digest(administrator, today, sections) for administrator in programme.administrators]


def _digest(administrator: str, today: date, sections: list[JsonValue]) -> Staged:
    return Staged(
        "mail",
        "administrators.digest",
        administrator,
        {"date": today.isoformat(), "sections": sections},
        key=f"administrators.digest:{today.isoformat()}:{administrator.casefold()}",
    )


SWEEP = Sweep(NAME, time(7, 0), _notices)
