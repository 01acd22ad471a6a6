"""Dead letters: what could not be processed, kept whole, with its reason in words, for a person to repeat or discard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from messages.envelope import Envelope
from messages.errors import FieldFault
from messages.scrubbing import without_open_secrets
from store import audit, inbox
from store.audit import Entry, Operator
from store.contract import Row, Transaction, as_text
from store.deferred import envelope_of
from store.deferred import put as put_deferred

Origin = Literal["process", "broker", "unrouted"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message is dead: stable code, field at fault, a sentence without values."""

    code: str
    text: str
    field: str | None = None
    faults: tuple[FieldFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters; an empty field is any."""

    state: str = "open"
    kind: str = ""
    code: str = ""
    sender: str = ""


async def put(
    tx: Transaction,
    *,
    seq: int,
    envelope: Envelope,
    reason: Reason,
    origin: Origin,
    attempts: int,
    now: datetime,
) -> None:
    """Keep the message with its reason, without what its sender should have sealed (R38)."""
    envelope = without_open_secrets(envelope)
    await tx.run(
        "dead_letters.put",
        seq=seq,
        kind=envelope.kind,
        sender=envelope.sender,
        message_id=envelope.message_id,
        properties=envelope.properties_json(),
        body=envelope.body,
        origin=origin,
        code=reason.code,
        field=reason.field,
        text=reason.text,
        faults=json.dumps([[f.field, f.code, f.text] for f in reason.faults]),
        attempts=attempts,
        died_at=as_text(now),
    )


async def listed(tx: Transaction, which: Filter, *, most: int = 200, after: int = 0) -> Sequence[Row]:
    """Return dead letters without their bodies, oldest first."""
    return await tx.rows(
        "dead_letters.listed",
        state=which.state,
        kind=which.kind,
        code=which.code,
        sender=which.sender,
        most=most,
        after=after,
    )


async def one(tx: Transaction, no: int) -> Row | None:
    """Return one dead letter whole; its body is for those who may see it."""
    return await tx.row("dead_letters.one", no=no)


async def replay(
    tx: Transaction,
    no: int,
    *,
    operator: Operator,
    why: str,
    now: datetime,
    gives_up_at: datetime,
    due_at: datetime | None = None,
) -> bool:
    """Let an open dead letter have its turn again, from the store; False when it is not open any more.

    Its turn is at ``due_at``, or now: many at once are spaced by it.

    One transaction moves it from dead to waiting, so it can neither be lost nor doubled on the way.
    """
    row = await one(tx, no)
    if row is None or not await _resolve(tx, no, "replayed", operator=operator, why=why, now=now):
        return False
    envelope = envelope_of(row)
    await inbox.settle(tx, row["seq"], "waiting", None, now)
    await put_deferred(
        tx,
        seq=row["seq"],
        envelope=envelope,
        code="replayed",
        text="An operator lets it have its turn again.",
        attempts=0,
        now=now,
        due_at=due_at or now,
        gives_up_at=gives_up_at,
    )
    return True


async def discard(tx: Transaction, no: int, *, operator: Operator, why: str, now: datetime) -> bool:
    """Close an open dead letter for good, kept with the operator's reason; False when it is not open any more."""
    row = await one(tx, no)
    if row is None or not await _resolve(tx, no, "discarded", operator=operator, why=why, now=now):
        return False
    await inbox.settle(tx, row["seq"], "discarded", None, now)
    return True


async def _resolve(tx: Transaction, no: int, state: str, *, operator: Operator, why: str, now: datetime) -> bool:
    resolved = await tx.run(
        "dead_letters.resolve",
        no=no,
        state=state,
        resolved_at=as_text(now),
        resolved_by=operator.name,
        resolved_why=why,
    )
    if resolved:
        await record_act(tx, f"dead letter {state}", f"dead letter {no}", operator=operator, why=why, now=now)
    return resolved == 1


async def unauthorised(tx: Transaction, *, since: datetime, least: int) -> dict[str, int]:
    """Return the senders of so many messages since a moment that they may not send, and how many (R61)."""
    rows = await tx.rows("dead_letters.unauthorised", since=as_text(since), least=least)
    return {row["sender"]: row["number"] for row in rows}


async def record_act(tx: Transaction, act: str, object_: str, *, operator: Operator, why: str, now: datetime) -> None:
    """Remember what an operator did, to what, and why; the audit trail has it too (R60)."""
    await tx.run(
        "dead_letters.record_act", act=act, object=object_, operator=operator.name, why=why, acted_at=as_text(now)
    )
    entry = Entry(f"operator:{operator.name}", act, "done", record=object_)
    await audit.append(tx, [entry], now=now, key=operator.audit_key)
