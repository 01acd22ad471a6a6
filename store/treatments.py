"""What is made of the records, patient by patient: who changed, the records themselves, treatments, missed reviews (R51–R55)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from store import replacing
from store.contract import Row, Transaction, Value
from store.paging import Key, paged
from store.replacing import Counted

RecordKey = tuple[str, str, str, int, str, int]
_KEY = ("dispenser", "prescription_number", "filled_on", "fill_number", "quantity", "partial_fill")
_PACKAGE_DIGITS = 2  # of an NDC the last; before them labeler and product
_BY_PRESCRIBER: Key = MappingProxyType({"after": ("prescriber", "")})


@dataclass(frozen=True, slots=True)
class Drug:
    """What is known of a drug: its schedule and class, and of opioids the ingredient and its milligrams in a unit."""

    schedule: str
    drug_class: str = ""
    ingredient: str = ""
    strength: str = ""


def key_in(row: Row) -> RecordKey:
    """Return the identity of the record that a row is of (R48)."""
    return (
        row["dispenser"], row["prescription_number"], row["filled_on"], row["fill_number"], row["quantity"],
        row["partial_fill"],
    )  # fmt: skip


class PatientRecord(NamedTuple):
    """A record under its patient, in the order of the table's columns; the first six are its identity (R48)."""

    dispenser: str
    prescription_number: str
    filled_on: str
    fill_number: int
    quantity: str
    partial_fill: int
    patient_key: str
    prescriber: str
    written_on: str
    days_supply: int
    product_id: str
    """The product's number, of a compound those of its ingredients, separated by blanks."""

    @property
    def products(self) -> Sequence[str]:
        """What is looked up to know what was dispensed."""
        return self.product_id.split()

    @property
    def key(self) -> RecordKey:
        """Its identity (R48)."""
        return self[:6]


class TreatmentRow(NamedTuple):
    """A course of treatment, in the order of the table's columns."""

    patient_id: str
    prescriber: str
    began_on: str
    supply_ends_on: str
    ends_on: str
    records: int
    last_schedule: str
    is_schedule_v_only: int
    is_continuous: int
    is_prolonged: int
    reviewed_on: str | None
    due_on: str | None


class MissedReview(NamedTuple):
    """A record before which no review was made in time (R51), in the order of the table's columns."""

    patient_id: str
    dispenser: str
    prescription_number: str
    filled_on: str
    fill_number: int
    quantity: str
    partial_fill: int
    prescriber: str
    written_on: str


_TREATMENTS: Final = Counted(
    TreatmentRow._fields, 3, "treatments.treatments_of", "treatments.put_treatment", "treatments.drop_treatment"
)
_MISSED: Final = Counted(
    MissedReview._fields, 7, "treatments.missed_of", "treatments.put_missed", "treatments.drop_missed"
)


async def put_records(tx: Transaction, records: Sequence[PatientRecord], gone: Iterable[RecordKey]) -> None:
    """Let these records stand under their patients and those be gone; every patient concerned is marked as stale."""
    gone = set(gone)
    asked = json.dumps([*(record.key for record in records), *sorted(gone)])
    known = {key_in(row): row["patient_key"] for row in await tx.rows("treatments.known", keys=asked)}
    for key in sorted(gone & known.keys()):
        identity: dict[str, Value] = dict(zip(_KEY, key, strict=True))
        await tx.run("treatments.drop_record", **identity)
    by_patient = sorted(records, key=lambda one: (one.patient_key, one.key))
    await tx.insert_all("treatments.put_record", by_patient)
    await mark(tx, {*known.values(), *(record.patient_key for record in records)})


async def mark(tx: Transaction, patient_keys: Iterable[str]) -> None:
    """Let these patients be counted again soon."""
    await tx.insert_all("treatments.mark", [(key, 1) for key in sorted(set(patient_keys))])


async def recount(tx: Transaction, numbers: str) -> None:
    """Let every patient be counted again, by these numbers of the policy."""
    await tx.run("treatments.count_by", numbers=numbers)
    await tx.run("treatments.mark_every")


async def want_recount(tx: Transaction) -> None:
    """Let every patient be counted again soon: what is known of drugs has changed."""
    await tx.run("treatments.count_by", numbers="")


async def is_any_stale(tx: Transaction) -> bool:
    """Tell whether a patient waits to be counted again."""
    return await tx.row("treatments.is_any_stale") is not None


async def take_stale(tx: Transaction, *, most: int) -> list[str]:
    """Take some keys that changed, in order; whoever takes them counts them again in the same transaction."""
    return sorted(row["patient_key"] for row in await tx.rows("treatments.take_stale", most=most))


async def records_of(tx: Transaction, keys: Sequence[str]) -> list[PatientRecord]:
    """Return every record of these keys."""
    rows = await tx.rows("treatments.records_of", keys=json.dumps(keys))
    return [PatientRecord._make(row) for row in rows]


async def drugs(tx: Transaction, ndcs: Iterable[str]) -> Mapping[str, Drug]:
    """Return what is known of each drug, by its package's number or else its product's; one not known is left out."""
    packages = set(ndcs)
    asked = json.dumps(sorted(packages | {ndc[:-_PACKAGE_DIGITS] for ndc in packages}))
    scheduled = {row["ndc"]: (row["schedule"], row["class"]) for row in await tx.rows("treatments.drugs", ndcs=asked)}
    strengths = {
        row["ndc"]: (row["ingredient"], row["strength"]) for row in await tx.rows("treatments.strengths", ndcs=asked)
    }
    found = {}
    for ndc in packages:
        known = scheduled.get(ndc) or scheduled.get(ndc[:-_PACKAGE_DIGITS])
        if known is not None:
            strength = strengths.get(ndc) or strengths.get(ndc[:-_PACKAGE_DIGITS]) or ("", "")
            found[ndc] = Drug(*known, *strength)
    return found


async def put_strengths(tx: Transaction, rows: Iterable[tuple[str, str, str]]) -> None:
    """Let these strengths be known: NDC, ingredient, milligrams a unit. Every patient is counted again."""
    await tx.insert_all("treatments.put_strength", sorted(rows))
    await want_recount(tx)


async def replace(
    tx: Transaction, patients: Sequence[str], treatments: Sequence[TreatmentRow], missed: Sequence[MissedReview]
) -> None:
    """Let these be the treatments and missed reviews of these patients."""
    await replacing.replace(tx, _TREATMENTS, patients, treatments)
    await replacing.replace(tx, _MISSED, patients, missed)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands against a prescriber on a day: reviews due soon, overdue ones, and whether any has its turn today (R55)."""

    due: int = 0
    overdue: int = 0
    has_turn: bool = False

    def __add__(self, other: Standing) -> Standing:
        return Standing(self.due + other.due, self.overdue + other.overdue, self.has_turn or other.has_turn)


async def due(
    tx: Transaction,
    *,
    today: date,
    to_on: date,
    reminded_on: Sequence[date],
    page: int = 1000,
) -> AsyncIterator[Mapping[str, Standing]]:
    """Yield what stands against each prescriber's number on a day, a page at a time (R55).

    Counted are reviews due up to ``to_on`` of treatments that go on. A review whose due date is one of ``reminded_on`` has its
    turn today.
    """
    pages = paged(
        tx, "treatments.due", page=page, after=_BY_PRESCRIBER, today=today.isoformat(), to_on=to_on.isoformat(),
        reminded=json.dumps([day.isoformat() for day in reminded_on]),
    )  # fmt: skip
    async for rows in pages:
        yield {
            row["prescriber"]: Standing(row["standing"] - row["overdue"], row["overdue"], row["turns"] > 0)
            for row in rows
        }


async def missed_counts(
    tx: Transaction, *, from_on: date, to_on: date, page: int = 1000
) -> AsyncIterator[Mapping[str, int]]:
    """Yield how many records each prescriber wrote without a review in time, between two days, a page at a time (R51)."""
    span = {"from_on": from_on.isoformat(), "to_on": to_on.isoformat()}
    async for rows in paged(tx, "treatments.missed_counts", page=page, after=_BY_PRESCRIBER, **span):
        yield {row["prescriber"]: row["missed"] for row in rows}


async def counts(tx: Transaction) -> Mapping[str, int]:
    """Return how many rows stand of each kind."""
    row = await tx.row("treatments.counts")
    assert row is not None
    return {
        name.replace("_", " "): row[name] for name in ("records", "treatments", "missed_reviews", "clinical_alerts")
    }
