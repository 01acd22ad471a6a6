"""Temporary suspensions end when their date has come, and their holders are told (R20)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, time

from handlers.standing import CLOCK, Scene, lift
from handlers.sweeps.sweep import Sweep
from handlers.work import Leaving, Programme
from store import accounts, standing
from store.contract import Transaction
from store.outbox import Staged

_REASON = "The suspension was temporary and has ended."


async def _notices(tx: Transaction, today: date, programme: Programme) -> AsyncIterator[Sequence[Staged]]:
    async for page in standing.over(tx, today):
        leaving = Leaving(None)
        scene = Scene.of_sweep(tx, today, programme, leaving)
        for one in page:
            account = await accounts.hold(tx, one.account_id)
            assert account is not None  # accounts are never deleted
            await lift(scene, account, one.cause, _REASON, actor=CLOCK)
        yield leaving.staged


SWEEP = Sweep("suspensions_ended", time(0, 5), _notices)
