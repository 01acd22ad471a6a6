"""What stands still until somebody looks: dead letters by cause, e-mails that did not leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from handlers.digest.listing import Listing, begins_at, days_since
from handlers.work import Programme
from store import overview
from store.contract import Transaction


async def _dead_letters(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    return [
        f"{cause.count} of {cause.kind}: {cause.code}, the oldest "
        + (days_since(cause.oldest_at, today, programme.policy) if cause.oldest_at else "today")
        for cause in await overview.causes(tx)
    ]


async def _mails(tx: Transaction, today: date, programme: Programme) -> Sequence[str]:
    refused_since = begins_at(today - timedelta(days=1), programme.policy)
    return [
        f"{one.count} {'held' if one.state == 'held' else 'refused by a mail server'}, the oldest "
        + (days_since(one.oldest_at, today, programme.policy) if one.oldest_at else "today")
        for one in await overview.mails_not_left(tx, refused_since=refused_since)
    ]


LISTINGS = (
    Listing(80, "Dead letters waiting for an operator", _dead_letters),
    Listing(81, "E-mails that did not leave", _mails),
)
