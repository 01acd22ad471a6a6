"""What is counted anew takes the place of what stood, on both engines, and what is as it was is not written again."""

from __future__ import annotations

from datetime import date

import pytest

from store import alerts, treatments
from store.alerts import Crossing
from store.contract import Store, Transaction
from store.treatments import MissedReview, TreatmentRow
from tests.tables import rows

PATIENTS = [f"patient-{no:03}" for no in range(120)]
"""Enough that PostgreSQL takes its way for many rows."""
TODAY = date(2026, 6, 1)


def course(patient: str, began_on: str = "2026-01-05", records: int = 1) -> TreatmentRow:
    """A course of treatment."""
    return TreatmentRow(
        patient, "AS1234563", began_on, "2026-02-03", "2026-03-06", records, "II", 0, 0, 0, None, None
    )  # fmt: skip


def missed(patient: str, number: str = "RX1", written_on: str = "2026-01-04") -> MissedReview:
    """A record that was written without a review."""
    return MissedReview(patient, "AB1234563", number, "2026-01-05", 0, "30", 0, "AS1234563", written_on)


async def put(store: Store, courses: list[TreatmentRow], unreviewed: list[MissedReview]) -> int:
    """These stand from now on; returns how many statements wrote something."""

    async def unit(tx: Transaction) -> int:
        await treatments.replace(tx, PATIENTS, courses, unreviewed)
        return tx.writes

    return await store.write(unit)


async def standing(store: Store) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """All rows of both tables."""
    return (
        await rows(store, "SELECT * FROM treatments ORDER BY patient_id, began_on"),
        await rows(store, "SELECT * FROM missed_reviews ORDER BY patient_id, prescription_number"),
    )


async def test_what_is_as_it_was_is_not_written(store: Store) -> None:
    """One patient of 120 has a record more: one statement writes, and the others' rows are left alone."""
    courses, unreviewed = [course(one) for one in PATIENTS], [missed(one) for one in PATIENTS]
    assert await put(store, courses, unreviewed) > 0
    assert await put(store, courses, unreviewed) == 0
    assert await put(store, [course(PATIENTS[0], records=2), *courses[1:]], unreviewed) == 1
    assert await standing(store) == ([course(PATIENTS[0], records=2), *courses[1:]], unreviewed)


async def test_what_changed_is_replaced_and_what_is_gone_is_dropped(store: Store) -> None:
    """Every row changes, one is gone, one is new, and another patient's are left alone."""
    await store.write(lambda tx: treatments.replace(tx, ["another"], [course("another")], [missed("another")]))
    await put(store, [course(one) for one in PATIENTS], [missed(one) for one in PATIENTS])
    courses = [course(one, records=3) for one in PATIENTS[1:]] + [course(PATIENTS[1], "2026-05-01")]
    unreviewed = [missed(one, written_on="2026-01-03") for one in PATIENTS[1:]] + [missed(PATIENTS[1], "RX2")]
    await put(store, courses, unreviewed)
    assert await standing(store) == (
        sorted([course("another"), *courses]),
        sorted([missed("another"), *unreviewed]),
    )


@pytest.mark.parametrize("later", [date(2026, 6, 2), date(2026, 7, 1)])
async def test_r29_a_crossing_keeps_the_day_on_which_it_was_noticed(store: Store, later: date) -> None:
    """Counted again on another day, a known one is not told once more; a new one is of that day."""
    known, new = (Crossing("patient-000", "mme", day, "AS1234563") for day in ("2026-05-30", "2026-05-31"))
    await store.write(lambda tx: alerts.replace_crossings(tx, PATIENTS, [known], noticed_on=TODAY))
    await store.write(lambda tx: alerts.replace_crossings(tx, PATIENTS, [known, new], noticed_on=later))
    assert await rows(store, "SELECT * FROM clinical_alerts ORDER BY raised_on") == [
        (*known, TODAY.isoformat()),
        (*new, later.isoformat()),
    ]
