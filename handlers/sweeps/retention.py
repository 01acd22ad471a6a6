"""What the machinery remembers goes when it is old, a little at a time; documents, records and audit stay for ever (R50, R62)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from handlers.rules.policy import Policy
from handlers.sweeps.sweep import ChoreSweep
from handlers.work import Programme
from store import retention
from store.contract import Transaction

_PAGE = 500


async def _sent(tx: Transaction, on: date, programme: Programme) -> int:
    policy = programme.policy
    return await retention.forget_sent(tx, _midnight(on, policy.outbox_days, policy), page=_PAGE)


async def _messages(tx: Transaction, on: date, programme: Programme) -> int:
    policy = programme.policy
    return await retention.forget_messages(tx, _midnight(on, policy.inbox_days, policy), page=_PAGE)


def _midnight(on: date, days: int, policy: Policy) -> datetime:
    return datetime.combine(on - timedelta(days=days), time(0), tzinfo=policy.zone).astimezone(UTC)


SWEEP = ChoreSweep("retention", time(3, 30), (_sent, _messages))
