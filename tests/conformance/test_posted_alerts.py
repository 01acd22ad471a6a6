"""Alerts about patients as administrators see them (R28), and the days that a sweep tells of, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime

from store import alerts, sweeps
from store.audit import Operator
from store.contract import Store, Transaction
from tests.tables import change, rows

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
KEY = "a" * 32


async def test_r28_alerts_are_listed_and_one_is_revealed(store: Store) -> None:
    """The newest first and a page at a time, by state; whoever reads one whole stands in the trail (R60)."""

    async def unit(tx: Transaction) -> list[list[str]]:
        for name in ("ALERT-1", "ALERT-2"):
            await alerts.post(
                tx, name, patient_key=KEY, part="", author_id="DR-1", concern="misuse", text="Text.", now=NOW, seq=1
            )
        await alerts.withdraw(tx, "ALERT-1", by="DR-1", now=NOW)
        asked = [("", 99, 9), ("posted", 99, 9), ("withdrawn", 99, 9), ("", 99, 1), ("", 2, 9)]
        return [
            [row["alert_id"] for row in await alerts.listed(tx, state=state, before=before, most=most)]
            for state, before, most in asked
        ]

    listed = [["ALERT-2", "ALERT-1"], ["ALERT-2"], ["ALERT-1"], ["ALERT-2"], ["ALERT-1"]]
    assert await store.write(unit) == listed
    grace = Operator("grace")
    nothing = await store.write(lambda tx: alerts.reveal(tx, "ALERT-9", operator=grace, why="a call", now=NOW))
    found = await store.write(lambda tx: alerts.reveal(tx, "ALERT-1", operator=grace, why="a call", now=NOW))
    assert nothing is None
    assert found is not None
    assert (found[0]["text"], found[0]["withdrawn_by"], found[1]) == ("Text.", "DR-1", KEY)
    assert [tuple(row) for row in await rows(store, "SELECT act, operator FROM operator_acts")] == [
        ("alert revealed", "grace")
    ]


async def test_a_sweep_tells_of_the_days_on_which_nothing_ran(store: Store) -> None:
    """Of its own date alone at first and when it ran yesterday; else of every day since the last run."""
    today, told = date(2026, 6, 15), []
    for ran in ("", "2026-06-12", "2026-06-14", "2026-06-15"):
        if ran:
            await change(store, f"INSERT INTO sweep_runs VALUES ('review_due', '{ran}', '{ran}', 'one', 0)")
        days = await store.read(lambda tx: sweeps.days_to_tell_of(tx, "review_due", today))
        told.append([day.day for day in days])
    assert told == [[15], [13, 14, 15], [15], [15]]
