"""The inbox: what was taken, once each, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from messages.envelope import Envelope
from store.contract import Row, Transaction, as_text

State = Literal["done", "refused", "waiting", "dead", "discarded"]
Key = tuple[str, str]
"""Sender and message id: what makes a message the same message."""


class Ending(NamedTuple):
    """The outcome of one message, and the answer its sender gets."""

    seq: int
    state: State
    answer: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that the inbox knows already, with the answer its sender got or will get."""

    seq: int
    digest: str
    state: State
    answer: str | None


class Claimed(dict[Key, int]):
    """The numbers in the inbox of those not seen before, by sender and id."""

    anyone_waits: bool = False
    """Whether any message waits for something to come."""


async def claim_all(tx: Transaction, envelopes: Sequence[Envelope], now: datetime) -> Claimed:
    """Take every message not seen before, numbered in the order they are given in.

    What is missing in the result was seen before, by whichever worker.
    """
    asked = [[e.sender, e.message_id, e.kind, e.digest(), len(e.body)] for e in envelopes]
    taken = await tx.rows("inbox.claim", messages=json.dumps(asked), received_at=as_text(now))
    claimed = Claimed({(row["sender"], row["message_id"]): row["seq"] for row in taken})
    claimed.anyone_waits = bool(taken and taken[0]["anyone_waits"])
    return claimed


async def seen(tx: Transaction, sender: str, message_id: str) -> Seen | None:
    """Return what is known of a message, or None when it was never taken."""
    row = await tx.row("inbox.seen", sender=sender, message_id=message_id)
    return None if row is None else Seen(row["seq"], row["digest"], row["state"], row["answer"])


async def settle_all(tx: Transaction, endings: Sequence[Ending], now: datetime) -> None:
    """Write the outcomes of messages; only outcomes other than plain *done* need it."""
    if endings:
        await tx.run("inbox.settle", endings=json.dumps(endings), settled_at=as_text(now))


async def answer_all(tx: Transaction, answers: Mapping[int, str]) -> None:
    """Keep what the senders of messages that are done were told, for whoever asks again."""
    if answers:
        await tx.run("inbox.answer", answers=json.dumps(answers))


async def settle(tx: Transaction, seq: int, state: State, answer: str | None, now: datetime) -> None:
    """Write the outcome of one message."""
    await settle_all(tx, [Ending(seq, state, answer)], now)


async def attempts(tx: Transaction, envelope: Envelope) -> int:
    """Return how many attempts of a redelivered message were begun and have no outcome."""
    row = await tx.row("inbox.attempts", sender=envelope.sender, message_id=envelope.message_id)
    return 0 if row is None else int(row["count"])


async def set_attempts(tx: Transaction, envelope: Envelope, count: int) -> None:
    """So many attempts were begun; written again after any doubt whether it was committed, it says the same."""
    await tx.run("inbox.set_attempts", sender=envelope.sender, message_id=envelope.message_id, count=count)


async def forget_attempts(tx: Transaction, envelope: Envelope) -> None:
    """Drop the count of a message that is settled."""
    await tx.run("inbox.forget_attempts", sender=envelope.sender, message_id=envelope.message_id)


async def find(tx: Transaction, message_id: str) -> Sequence[Row]:
    """Return every message of that id, whoever sent it."""
    return await tx.rows("inbox.find", message_id=message_id)
