"""Made-up messages for the store, and short ways to write and read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from messages.envelope import Envelope
from store import dead_letters, deferred, inbox
from store.contract import Store, Transaction
from store.dead_letters import Reason
from store.deferred import Deferred

NOW = datetime(2026, 11, 24, 8, 41, 42, 123456, tzinfo=UTC)
WEEK = timedelta(days=7)


def later(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def letter(name: str = "m1", *, sender: str = "portal", body: bytes = b'{"x":"\xc3\xa9"}') -> Envelope:
    """A message as it arrived."""
    return Envelope(name, "ticket.opened", sender, body, sent_at=NOW, correlation_id="c1", reply_to="answers")


async def take(store: Store, *envelopes: Envelope) -> dict[inbox.Key, int]:
    """The envelopes are in the inbox; the numbers of those that were not before."""
    return await store.write(lambda tx: inbox.claim_all(tx, envelopes, NOW))


async def taken(store: Store, envelope: Envelope) -> int:
    """The number of an envelope that was not in the inbox before."""
    return (await take(store, envelope))[envelope.key]


async def defer(
    store: Store, envelope: Envelope, *, due_at: datetime = NOW, waits_for: str | None = None, is_in_line: bool = False
) -> int:
    """The envelope waits; its number."""
    seq = await taken(store, envelope)

    async def unit(tx: Transaction) -> None:
        await inbox.settle(tx, seq, "waiting", None, NOW)
        await deferred.put(
            tx, seq=seq, envelope=envelope, code="account_unknown", text="No account of this id exists.", attempts=1,
            now=NOW, due_at=due_at, gives_up_at=NOW + WEEK, waits_for=waits_for, is_in_line=is_in_line,
        )  # fmt: skip

    await store.write(unit)
    return seq


async def lease(store: Store, *, at: datetime = NOW, seconds: float = 60, most: int = 100) -> list[Deferred]:
    """What is due is leased for so many seconds."""
    until = at + timedelta(seconds=seconds)
    return await store.write(lambda tx: deferred.lease(tx, now=at, leased_until=until, most=most))


async def bury(store: Store, envelope: Envelope, *, code: str = "invalid") -> int:
    """The envelope is an open dead letter; the letter's number."""
    seq = await taken(store, envelope)

    async def unit(tx: Transaction) -> int:
        await inbox.settle(tx, seq, "dead", None, NOW)
        reason = Reason(code, "One field is at fault.", "subject")
        await dead_letters.put(
            tx, seq=seq, envelope=envelope, reason=reason, origin="process", attempts=1, now=NOW
        )  # fmt: skip
        (row,) = [row for row in await dead_letters.listed(tx, dead_letters.Filter()) if row["seq"] == seq]
        return int(row["no"])

    return await store.write(unit)
