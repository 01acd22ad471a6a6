"""What the projection makes of the records: each under its patient, then each changed patient counted anew (R51–R55, R29).

Counting a patient reads all of that patient's records, reviews and drugs, and nothing else, least of all what was counted
before. So the order in which things came does not matter, and making it all anew from the records gives the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

from handlers.rules.alerts import alerts_of
from handlers.rules.patients import Person, is_animal, patient_key
from handlers.rules.policy import Policy
from handlers.rules.reviews import due_on, is_missed, last_review
from handlers.rules.treatments import SCHEDULES, Supply, Treatment, treatments_of
from handlers.whose import Whose, concerned_by
from store import alerts, reviews, treatments
from store.alerts import Crossing
from store.contract import Row, Transaction, as_date
from store.treatments import Drug, MissedReview, PatientRecord, RecordKey, TreatmentRow

_EXEMPT = "exempt:"
Reviewed = Mapping[str, Sequence[date]]
"""Prescriber's number → the days on which that prescriber, or a delegate for that prescriber, reviewed the patient (R56)."""


def numbers_of(policy: Policy) -> str:
    """Return the numbers that the rows depend on, as text; another text means that every patient is counted again."""
    return policy.model_dump_json(
        include={
            "review_supply_days_max", "review_window_days", "review_days", "review_days_schedule_v", "review_reminder_days",
            "treatment_gap_days", "treatment_prolonged_days", "alert_window_days", "alert_prescribers", "alert_dispensers",
            "alert_opioid_with_benzodiazepine", "alert_daily_mme",
        }
    )  # fmt: skip


def sorted_out(changed: Iterable[Row]) -> tuple[list[PatientRecord], set[RecordKey]]:
    """Return the records that raise duties, under their patients, and the identities of those that do not.

    Voided and exempt records (R43) and those of animals (R56) raise none.
    """
    records: dict[RecordKey, PatientRecord] = {}
    gone: set[RecordKey] = set()
    for row in changed:
        record = _under_its_patient(row)
        if row["state"] == "active" and _EXEMPT not in row["marks"] and not is_animal(row["species"]):
            records[record.key] = record
        else:
            gone.add(record.key)
    return list(records.values()), gone


def _under_its_patient(row: Row) -> PatientRecord:
    person = Person(
        row["patient_last_name"],
        row["patient_first_name"],
        row["patient_born_on"],
        row["patient_gender"],
        row["patient_zip"],
        row["species"],
    )
    return PatientRecord(
        row["dispenser"],
        row["prescription_number"],
        row["filled_on"],
        row["fill_number"],
        row["quantity"],
        row["partial_fill"],
        patient_key(person),
        row["prescriber_dea"].strip().upper() or row["prescriber_npi"].strip(),
        row["written_on"],
        row["days_supply"],
        row["ingredients"] or row["product_id"],
    )


async def count_stale(tx: Transaction, policy: Policy, *, today: date, most: int) -> int:
    """Count some changed patients anew; return how many keys were taken, 0 when nothing waits."""
    stale = await treatments.take_stale(tx, most=most)
    if not stale:
        return 0
    whose = await concerned_by(tx, stale)
    supplies = await _supplies(tx, whose)
    reviewed = await _reviewed(tx, whose)
    rows: list[TreatmentRow] = []
    missed: list[MissedReview] = []
    crossings: list[Crossing] = []
    for patient in whose.patients:
        days = reviewed[patient]
        rows += [
            _row(patient, one, days.get(one.prescriber, ()), policy) for one in treatments_of(supplies[patient], policy)
        ]
        missed += [
            MissedReview(patient, *supply.key, supply.prescriber, supply.written_on.isoformat())
            for supply in sorted(supplies[patient], key=lambda one: one.key)
            if is_missed(supply, days.get(supply.prescriber, ()), policy)
        ]
        crossings += [
            Crossing(patient, alert.rule, alert.raised_on.isoformat(), prescriber)
            for alert in alerts_of(supplies[patient], policy)
            for prescriber in sorted(alert.prescribers)
        ]
    await treatments.replace(tx, whose.patients, rows, missed)
    await alerts.replace_crossings(tx, whose.patients, crossings, noticed_on=today)
    return len(stale)


async def _supplies(tx: Transaction, whose: Whose) -> Mapping[str, Sequence[Supply]]:
    """Return the supplies of scheduled drugs, by patient."""
    records = await treatments.records_of(tx, whose.keys)
    drugs = await treatments.drugs(tx, (product for record in records for product in record.products))
    found: dict[str, list[Supply]] = defaultdict(list)
    for record in records:
        scheduled = _scheduled(record, drugs)
        patient = whose.is_record_of(record)
        if patient is not None and scheduled:
            found[patient].append(
                Supply(
                    record.key,
                    record.prescriber,
                    as_date(record.written_on),
                    as_date(record.filled_on),
                    record.days_supply,
                    scheduled,
                )
            )
    return found


def _scheduled(record: PatientRecord, drugs: Mapping[str, Drug]) -> tuple[Drug, ...]:
    """Return the scheduled drugs of a record; how much of an opioid is in a unit of a compound, nobody says."""
    known = (drugs.get(product) for product in record.products)
    scheduled = tuple(drug for drug in known if drug is not None and drug.schedule in SCHEDULES)
    if len(record.products) > 1:
        return tuple(replace(drug, ingredient="", strength="") for drug in scheduled)
    return scheduled


async def _reviewed(tx: Transaction, whose: Whose) -> Mapping[str, Reviewed]:
    found: dict[str, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for review in await reviews.of_patients(tx, whose.keys):
        for patient, number in product(whose.are_reviewed(review), review.numbers):
            found[patient][number].append(review.reviewed_on)
    return found


def _row(patient: str, treatment: Treatment, reviewed_on: Sequence[date], policy: Policy) -> TreatmentRow:
    last = last_review(treatment, reviewed_on, policy)
    due = due_on(treatment, last, policy)
    return TreatmentRow(
        patient,
        treatment.prescriber,
        treatment.began_on.isoformat(),
        treatment.supply_ends_on.isoformat(),
        treatment.ends_on.isoformat(),
        treatment.records,
        treatment.last_schedule,
        int(treatment.is_schedule_v_only),
        int(treatment.is_continuous),
        int(treatment.is_prolonged),
        last.isoformat() if last else None,
        due.isoformat() if due else None,
    )
