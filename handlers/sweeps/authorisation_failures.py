"""Who keeps sending what he may not raises a case of conduct by himself, once a day (R25, R61)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from handlers.conduct import tell_administrators
from handlers.sweeps.sweep import IntervalSweep
from handlers.work import Leaving, Programme
from store import conduct, dead_letters
from store.contract import Transaction
from store.outbox import Staged


async def _notices(tx: Transaction, now: datetime, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    today = programme.policy.local_date(now)
    since = programme.policy.day_begins(today)
    least = programme.policy.authorisation_failures_max
    for sender, number in (await dead_letters.unauthorised(tx, since=since, least=least)).items():
        text = f"The broker user {sender} sent {number} messages today that it may not send."
        case = await conduct.raise_case(
            tx, "unauthorised_use", ground="not_authorised", about=sender, text=text, on=today, now=now, seq=0
        )
        if case is not None:
            leaving = Leaving(None)
            tell_administrators(leaving, case, programme)
            yield leaving.staged


SWEEP = IntervalSweep("authorisation_failures", timedelta(minutes=5), _notices)
