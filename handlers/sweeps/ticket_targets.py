"""A target that is near (80 % of its time) or missed is told to the administrators, once each; minute by minute (R71, R74)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from handlers.rules.wording import category_name, told_at
from handlers.sweeps.sweep import IntervalSweep
from handlers.work import Programme
from store import ticket_targets
from store.contract import Transaction
from store.outbox import Staged
from store.ticket_targets import Speaking


async def _notices(tx: Transaction, now: datetime, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    async for page in ticket_targets.take_speaking(tx, now):
        yield [
            _told(one, person, now, programme)
            for one in page
            for person in dict.fromkeys((*programme.administrators, *_woken(one, programme)))
        ]


def _woken(one: Speaking, programme: Programme) -> tuple[str, ...]:
    return programme.watch if one.category == "critical" else ()


def _told(one: Speaking, person: str, now: datetime, programme: Programme) -> Staged:
    facts = {
        "number": one.number,
        "category": category_name(one.category),
        "target": one.what,
        "due_at_text": told_at(one.due_at, programme.policy),
    }
    occasion = f"{one.number}:{one.period}:{one.what}:{person.casefold()}"
    if one.due_at <= now:
        return Staged("mail", "ticket.target_missed", person, facts, key=f"ticket.target_missed:{occasion}")
    return Staged("mail", "ticket.target_warning", person, facts, key=f"ticket.target_warning:{occasion}")


SWEEP = IntervalSweep("ticket_targets", timedelta(minutes=1), _notices)
