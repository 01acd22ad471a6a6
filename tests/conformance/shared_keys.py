"""Two persons under one key: what is said about them, whose records are whose by a plain model, and what stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from handlers.outcomes import Done, Outcome
from handlers.rules.patients import Person, part_of, patient_key
from messages.patient import NamedPatient, PatientMerged, PatientRejoined, PatientSplit, PatientToldApart
from messages.review import ReviewRecorded
from store.contract import Store
from tests.people import open_account
from tests.records import PROGRAMME, bring, know_drugs, record
from tests.tables import change, rows
from tests.unit.handlers.bench import NOW, Bench
from workers.projection import TreatmentsProjection

NAMES, ZIPS = ("ROBIN", "KIM"), ("06103", "06511", "06902")
FIRST = date(2026, 3, 2)
A = "a@example.org"
MADE = {
    "treatments": "patient_id, prescriber, began_on, records, reviewed_on, due_on",
    "missed_reviews": "patient_id, prescription_number, prescriber",
    "clinical_alerts": "patient_id, rule, raised_on, prescriber",
}


def key(name: str) -> str:
    """The key of everybody of this first name."""
    return patient_key(Person("EXAMPLE", name, "1980-01-01", "F", ""))


def one_of(name: str, zip_code: str) -> str:
    """The one of them who lives there."""
    return key(name) + part_of(key(name), zip_code)


@dataclass
class Place:
    """A store of either engine that messages are said to, and the model that hears them too."""

    store: Store
    bench: Bench
    projection: TreatmentsProjection
    records: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """Number → first name, ZIP code, day."""
    reviews: list[tuple[str, str | None, int]] = field(default_factory=list)
    """First name, ZIP code (None: the key alone was named), day."""
    apart: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)

    async def fill(self, number: str, name: str, zip_code: str, day: int, *, status: str = "new") -> None:
        """A record is new, or says something else from now on."""
        filled_on = FIRST + timedelta(days=int(number))
        patient = {"first_name": name, "zip": zip_code}
        await bring(
            self.store,
            record(
                number,
                filled_on=filled_on,
                patient=patient,
                status=status,
                written_on=(FIRST + timedelta(days=day)).isoformat(),
            ),
        )
        self.records[number] = (name, zip_code, day)

    async def void(self, number: str) -> None:
        """A record is withdrawn."""
        name, zip_code, _ = self.records.pop(number)
        filled_on = FIRST + timedelta(days=int(number))
        await bring(
            self.store,
            record(number, filled_on=filled_on, status="void", patient={"first_name": name, "zip": zip_code}),
        )

    async def review(self, day: int, *, name: str, zip_code: str = "", patient_id: str = "") -> Outcome:
        """The prescriber reviewed on a day: of facts, of a key, or of the id of one person."""
        facts = {"last_name": "Example", "first_name": name, "date_of_birth": "1980-01-01", "gender": "F"}
        named = {"patient_id": patient_id} if patient_id else {"facts": facts | {"zip": zip_code}}
        at = datetime.combine(FIRST + timedelta(days=day), time(17), UTC)
        outcome = await self.bench.send(
            ReviewRecorded(reviewer="DR-1", patient=NamedPatient.model_validate(named, strict=False), reviewed_at=at)
        )
        if isinstance(outcome, Done):
            is_key_alone = len(patient_id) == 32
            found = zip_code or next((z for z in ZIPS if one_of(name, z) == patient_id), None)
            self.reviews.append((name, None if is_key_alone else found, day))
        return outcome

    async def tell_apart(self, name: str) -> Outcome:
        """An administrator tells the persons of a key apart."""
        outcome = await self.bench.send(PatientToldApart(patient_id=key(name), administrator=A, reason="Two persons."))
        if isinstance(outcome, Done):
            self.apart.add(name)
        return outcome

    async def rejoin(self, name: str) -> Outcome:
        """An administrator takes them for one again."""
        outcome = await self.bench.send(PatientRejoined(patient_id=key(name), administrator=A, reason="One person."))
        if isinstance(outcome, Done):
            self.apart.remove(name)
        return outcome

    async def merge(self, into: str, one: str) -> Outcome:
        """An administrator takes two ids for one person."""
        outcome = await self.bench.send(
            PatientMerged(patient_id=into, same_as=(one,), administrator=A, reason="Moved.")
        )
        if isinstance(outcome, Done):
            becomes, was = self.patient_of(into), self.patient_of(one)
            if becomes != was:
                for other in [was, *(key for key, patient in self.aliases.items() if patient == was)]:
                    self.aliases[other] = becomes
        return outcome

    async def split(self, patient: str, one: str) -> Outcome:
        """An administrator undoes that."""
        outcome = await self.bench.send(PatientSplit(patient_id=patient, split_off=one, administrator=A, reason="No."))
        if isinstance(outcome, Done):
            del self.aliases[one]
        return outcome

    def patient_of(self, one: str) -> str:
        """The patient that an id stands for."""
        return self.aliases.get(one, one)

    def whose(self, name: str, zip_code: str) -> str:
        """The patient whom a name and a ZIP code mean now."""
        return self.patient_of(one_of(name, zip_code) if name in self.apart else key(name))

    def missed(self) -> list[tuple[str, str, str]]:
        """Records without a review on the day written or the eve of it, by the model."""
        return sorted(
            (patient, number, "AS1234563")
            for number, (name, zip_code, day) in self.records.items()
            for patient in [self.whose(name, zip_code)]
            if not any(
                day - 1 <= made <= day and patient in self._seen(who, where) for who, where, made in self.reviews
            )
        )

    def _seen(self, name: str, zip_code: str | None) -> set[str]:
        if zip_code is None:
            return {self.whose(name, one) for one in ZIPS}
        return {self.whose(name, zip_code)}

    async def project(self) -> None:
        """The projection takes turns until it is done."""
        while not await self.projection.is_done():
            await self.projection.turn()

    async def standing(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the projection made."""
        return {
            table: await rows(self.store, f"SELECT {columns} FROM {table} ORDER BY {columns}")
            for table, columns in MADE.items()
        }

    async def rebuilt(self) -> dict[str, list[tuple[Any, ...]]]:
        """The same, made anew from the records."""
        for table in (*MADE, "patient_records"):
            await change(self.store, f"DELETE FROM {table}")
        await self.projection.begin_again()
        await self.project()
        return await self.standing()


async def place_on(store: Store) -> Place:
    """A prescriber, drugs, a threshold of daily milligrams, and nothing said yet."""
    await know_drugs(store)
    await open_account(store, "DR-1", dea="AS1234563")
    policy = PROGRAMME.policy.model_copy(update={"alert_daily_mme": 30})
    programme = replace(PROGRAMME, policy=policy)
    return Place(
        store, Bench(cast("Any", store), programme), TreatmentsProjection(store, programme, lambda: NOW, "one")
    )
