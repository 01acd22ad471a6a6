"""Records in error are reminded of every day for a week, until they are corrected or may not be by their sender (R47, R61)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time, timedelta

from pydantic import JsonValue

from handlers.reading import check_rules
from handlers.reporting import submitter_of
from handlers.sweeps.sweep import Sweep
from handlers.work import Programme
from store import submissions
from store.contract import Transaction
from store.outbox import Staged
from store.submissions import Uncorrected


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    policy = programme.policy
    first, yesterday = today - timedelta(days=policy.error_reminder_days), today - timedelta(days=1)
    foreign_may_send = check_rules(policy, today).severity("R21.submitter") != "error"
    pages = submissions.uncorrected(tx, reported_from=first, reported_to=yesterday, also_foreign=foreign_may_send)
    async for page in pages:
        yield [
            _reminder(one, address, today, one.reported_on + timedelta(days=policy.error_reminder_days))
            for one in page
            if _may_send(programme, one.sender)
            for address in submitter_of(programme, one.sender)
        ]


def _may_send(programme: Programme, sender: str) -> bool:
    """Whether the sender may send dispensations at all; a process without publishers of its own cannot tell (R61)."""
    publishers = programme.publishers
    return not publishers or any(kind.startswith("dispensation.") for kind in publishers.kinds_of(sender))


def _reminder(one: Uncorrected, address: str, today: date, last_on: date) -> Staged:
    facts: dict[str, JsonValue] = {
        "transaction": one.transaction_control,
        "errors": one.errors,
        "reported_on": one.reported_on.isoformat(),
        "last_on": last_on.isoformat(),
        "days_left": (last_on - today).days,
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
