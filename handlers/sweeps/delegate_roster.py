"""Supervisors whose roster was not confirmed for 180 days are asked to, and again every month until they do (R23)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from handlers.rules.policy import Policy
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import delegates
from store.contract import Transaction
from store.delegates import Roster
from store.outbox import Staged


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    policy = programme.policy
    before = policy.day_begins(today - timedelta(days=policy.roster_days - 1))
    async for page in delegates.rosters_unconfirmed(tx, before=before):
        yield [_due(one, today, policy) for one in page]


def _due(one: Roster, today: date, policy: Policy) -> Staged:
    first_on = policy.local_date(one.since) + timedelta(days=policy.roster_days)
    every = timedelta(days=policy.roster_reminder_days)
    asked_on = (
        first_on + (today - first_on) // every * every
    )  # the key holds this day: a missed one is made up for, once
    return Staged(
        "mail",
        "delegate.roster_due",
        one.email,
        {"name": one.name, "due_on": (asked_on + every).isoformat(), "delegates": one.delegates},
        key=f"delegate.roster_due:{one.supervisor_id}:{asked_on.isoformat()}",
    )


SWEEP = Sweep("delegate_roster", time(5, 30), _notices)
