"""Messages whose turn has not come: retries and missing prerequisites wait in the store, never in the broker."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from messages.envelope import Envelope
from store.contract import Row, Transaction, as_moment, as_text


@dataclass(frozen=True, slots=True)
class Deferred:
    """One waiting message, as leased to this process.

    ``attempts`` counts the attempt now beginning; ``lost_turns`` those whose process ended before their outcome.
    ``handed_in_at`` is when the inbox took it, before all waiting and dying.
    """

    seq: int
    envelope: Envelope
    code: str
    text: str
    attempts: int
    lost_turns: int
    handed_in_at: datetime
    deferred_at: datetime
    gives_up_at: datetime
    waits_for: str | None = None
    is_in_line: bool = False


async def put(
    tx: Transaction,
    *,
    seq: int,
    envelope: Envelope,
    code: str,
    text: str,
    attempts: int,
    now: datetime,
    due_at: datetime,
    gives_up_at: datetime,
    waits_for: str | None = None,
    is_in_line: bool = False,
) -> None:
    """Keep the message until it is due; after ``gives_up_at`` it becomes a dead letter.

    ``waits_for`` is what it waits for; in line for that it is not handled before earlier ones that are.
    """
    await tx.run(
        "deferred.put",
        seq=seq,
        kind=envelope.kind,
        sender=envelope.sender,
        message_id=envelope.message_id,
        properties=envelope.properties_json(),
        body=envelope.body,
        code=code,
        text=text,
        attempts=attempts,
        deferred_at=as_text(now),
        due_at=as_text(due_at),
        gives_up_at=as_text(gives_up_at),
        waits_for=waits_for,
        in_line=int(is_in_line),
    )


async def lease(tx: Transaction, *, now: datetime, leased_until: datetime, most: int) -> list[Deferred]:
    """Take the due ones for this process; when it dies they are free again at ``leased_until``."""
    rows = await tx.rows("deferred.lease", now=as_text(now), leased_until=as_text(leased_until), most=most)
    return [
        Deferred(
            seq=row["seq"],
            envelope=envelope_of(row),
            code=row["code"],
            text=row["text"],
            attempts=row["attempts"],
            lost_turns=row["lost_turns"],
            handed_in_at=as_moment(row["received_at"]),
            deferred_at=as_moment(row["deferred_at"]),
            gives_up_at=as_moment(row["gives_up_at"]),
            waits_for=row["waits_for"],
            is_in_line=bool(row["in_line"]),
        )
        for row in sorted(rows, key=lambda row: (row["due_at"], row["seq"]))
    ]


async def hold(tx: Transaction, waiting: Deferred) -> bool:
    """Keep it from everybody else until this transaction ends; False when another process has taken it since."""
    return await tx.run("deferred.hold", seq=waiting.seq, attempts=waiting.attempts) == 1


async def take(tx: Transaction, waiting: Deferred) -> bool:
    """Remove it from the waiting ones unless it was put back; False when that is so, or another process has taken it since."""
    return await tx.run("deferred.take", seq=waiting.seq, attempts=waiting.attempts) == 1


async def lines(tx: Transaction, things: Collection[str]) -> dict[str, int]:
    """Return the number of the first message in line for each of these, where there is a line."""
    if not things:
        return {}
    rows = await tx.rows("deferred.lines", things=json.dumps(sorted(things)))
    return {row["waits_for"]: row["first"] for row in rows}


async def wake(tx: Transaction, things: Collection[str], now: datetime) -> bool:
    """Everybody who waits for one of these is due; tell whether anybody is."""
    return bool(things) and await tx.run("deferred.wake", things=json.dumps(sorted(things)), now=as_text(now)) > 0


def envelope_of(row: Row) -> Envelope:
    """Build the envelope again from a row that keeps a message whole."""
    return Envelope.from_properties(
        message_id=row["message_id"],
        kind=row["kind"],
        sender=row["sender"],
        properties=row["properties"],
        body=bytes(row["body"]),
    )
