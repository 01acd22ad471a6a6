"""The hourly limit under any flood: nobody gets more within any hour, everybody gets everything, in its order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import outbox
from store.contract import Transaction
from store.outbox import Leased, Settled, Staged
from store.recipients import RecipientRules, lease_mails
from store.sqlite import open_sqlite

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
LIMIT = 4
RULES = RecipientRules(LIMIT)
PEOPLE = ["bo@example.org", "ana@example.org", "robin@example.org"]


@pytest.mark.parametrize("seed", range(3))
async def test_any_flood_is_spread_and_nothing_is_lost(tmp_path: Path, seed: int) -> None:
    """A relay looks every five minutes; mails come in bursts to three people for six hours."""
    chance, sent = random.Random(seed), []
    store = await open_sqlite(tmp_path / "pmp.db")
    await store.migrate()
    try:
        staged = 0
        for turn in range(12 * 40):
            now = NOW + timedelta(minutes=5 * turn)
            burst = chance.choice([0, 0, 0, 1, 7]) if turn < 12 * 6 else 0
            mails = [Staged("mail", "n", chance.choices(PEOPLE, [6, 1, 1])[0], {"n": staged + n}) for n in range(burst)]
            staged += burst
            leased = await store.write(
                lambda tx, now=now, mails=mails: _turn(tx, mails, now)  # type: ignore[misc]
            )
            sent += [(one.destination, now, int(str(one.facts["n"]))) for one in leased]
    finally:
        await store.close()
    assert sorted(number for _, _, number in sent) == list(range(staged))
    for person in PEOPLE:
        times = [at for whom, at, _ in sent if whom == person]
        assert all(later - earlier >= timedelta(hours=1) for earlier, later in zip(times, times[LIMIT:], strict=False))
    for person in PEOPLE[1:]:
        numbers = [number for whom, _, number in sent if whom == person]
        assert numbers == sorted(numbers)


async def _turn(tx: Transaction, mails: list[Staged], now: datetime) -> list[Leased]:
    await outbox.stage_all(tx, mails, now)
    until = now + timedelta(minutes=2)
    leased = await lease_mails(tx, RULES, now=now, leased_until=until, leased_by="one", most=3)
    more = leased
    while more:
        more = await lease_mails(tx, RULES, now=now, leased_until=until, leased_by="two", most=3)
        leased += more
    for by in ("one", "two"):
        await outbox.settle_all(tx, [Settled(one.no, "sent", 1, now, "250") for one in leased], by, now)
    return leased
