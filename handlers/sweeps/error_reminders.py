"""Records in error are reminded of every day for a week, until they are corrected (R47)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from pydantic import JsonValue

from handlers.reporting import submitter_of
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import submissions
from store.contract import Transaction
from store.outbox import Staged
from store.submissions import Uncorrected


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    first, yesterday = today - timedelta(days=programme.policy.error_reminder_days), today - timedelta(days=1)
    async for page in submissions.uncorrected(tx, reported_from=first, reported_to=yesterday):
        yield [_reminder(one, address, today) for one in page for address in submitter_of(programme, one.sender)]


def _reminder(one: Uncorrected, address: str, today: date) -> Staged:
    facts: dict[str, JsonValue] = {
        "transaction": one.transaction_control,
        "errors": one.errors,
        "reported_on": one.reported_on.isoformat(),
    }
    if one.file_name:
        facts["file_name"] = one.file_name
    if one.dispenser:
        facts["pharmacy"] = one.dispenser
    return Staged(
        "mail",
        "submission.error_reminder",
        address,
        facts,
        key=f"submission.error_reminder:{one.seq}:{one.reported_on}:{today.isoformat()}:{address.casefold()}",
    )


SWEEP = Sweep("error_reminders", time(7, 0), _notices)
