"""Who gets mail now: a marked address gets none, and nobody gets more than so many an hour; what is urgent goes to anybody.

The limit delays and never drops: what is too much is due again when the hour has passed, in its order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from messages.message import same_address
from store import bounces, outbox
from store.contract import Transaction, as_moment, as_text
from store.outbox import Leased, Settled

_HOUR = timedelta(hours=1)
_LEASES_MAX = 10
"""Leases in one transaction of which nothing is sent (a flood to one recipient), so that others need not wait for a turn each."""


@dataclass(frozen=True, slots=True)
class RecipientRules:
    """How many mails an hour one recipient gets, and which notices are too urgent for any rule."""

    per_hour: int = 30
    urgent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Lately:
    number: int
    oldest_at: datetime


async def lease_mails(
    tx: Transaction, rules: RecipientRules, *, now: datetime, leased_until: datetime, leased_by: str, most: int
) -> list[Leased]:
    """Take the mails that are due and may be sent; those that may not are refused or delayed in the same transaction."""
    for _ in range(_LEASES_MAX):
        leased = await outbox.lease(tx, "mail", now=now, leased_until=leased_until, leased_by=leased_by, most=most)
        kept_back = await _kept_back(tx, rules, leased, now)
        await outbox.settle_all(tx, kept_back, leased_by, now)
        numbers = {one.no for one in kept_back}
        if len(numbers) < len(leased) or not leased:
            return [one for one in leased if one.no not in numbers]
    return []


async def _kept_back(tx: Transaction, rules: RecipientRules, leased: Sequence[Leased], now: datetime) -> list[Settled]:
    ruled = [(same_address(one.destination), one) for one in leased if one.name not in rules.urgent]
    if not ruled:
        return []
    keys = {key for key, _ in ruled}
    marked = await bounces.marked_among(tx, keys)
    lately = await _sent_lately(tx, keys - marked, now)
    taken, kept_back = Counter({key: one.number for key, one in lately.items()}), []
    taken.subtract(same_address(one.destination) for one in leased)  # those in hand are counted one by one below
    for key, one in ruled:
        if key in marked:
            why = "not sent: the address is marked, its mail came back"
            kept_back.append(Settled(one.no, "refused", one.attempts, now, why))
            continue
        hours, taken[key] = taken[key] // rules.per_hour, taken[key] + 1
        if hours:
            why = f"delayed: {rules.per_hour} mails an hour to one recipient"
            kept_back.append(Settled(one.no, "due", one.attempts, lately[key].oldest_at + hours * _HOUR, why))
    return kept_back


async def _sent_lately(tx: Transaction, keys: set[str], now: datetime) -> dict[str, _Lately]:
    rows = await tx.rows("outbox.sent_lately", keys=json.dumps(sorted(keys)), since=as_text(now - _HOUR))
    return {
        row["recipient"]: _Lately(int(row["number"]), as_moment(row["oldest_at"]) if row["oldest_at"] else now)
        for row in rows
    }
