"""What did not leave, for a person to decide: sent again, or never (the states are drawn in ``store.outbox``)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from store import outbox
from store.audit import Operator
from store.contract import Row, Transaction, as_text
from store.dead_letters import record_act

RELEASABLE = frozenset({"held", "unknown", "refused"})
DISCARDABLE = RELEASABLE | {"due"}


async def one(tx: Transaction, no: int) -> Row | None:
    """Return where one thing that leaves stands, without its facts."""
    return await tx.row("withheld.one", no=no)


async def matching(
    tx: Transaction, states: Collection[str], *, channel: str = "", name: str = "", page: int = 500
) -> list[int]:
    """Return the numbers of everything in these states, oldest first."""
    found: list[int] = []
    for state in states:
        before = 1 << 62
        while rows := await outbox.listed(tx, channel=channel, name=name, state=state, before=before, most=page):
            before = rows[-1]["no"]
            found += [row["no"] for row in rows]
    return sorted(found)


async def release(tx: Transaction, no: int, *, operator: Operator, why: str, now: datetime) -> bool:
    """Let it be sent again, with the same Message-ID; False when it is not held, unknown or refused any more.

    Attempts and the count of unknown outcomes begin anew: the operator has judged what was.
    """
    if not await tx.run("withheld.release", no=no, now=as_text(now)):
        return False
    await record_act(tx, "outbox released", f"outbox {no}", operator=operator, why=why, now=now)
    return True


async def discard(tx: Transaction, no: int, *, operator: Operator, why: str, now: datetime) -> bool:
    """Never send it, kept with the operator's reason; False when it has left already, or is on its way."""
    if not await tx.run("withheld.discard", no=no, now=as_text(now)):
        return False
    await record_act(tx, "outbox discarded", f"outbox {no}", operator=operator, why=why, now=now)
    return True
