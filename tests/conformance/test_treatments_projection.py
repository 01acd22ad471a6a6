"""Treatments follow the records whatever happens to them, on both engines; each test says what might be missed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

import workers.projection
from handlers.rules.patients import Person, patient_key
from handlers.rules.policy import Policy
from handlers.secrets import Vault
from handlers.work import Programme
from messages.errors import StoreAway
from store import drugs, inbox, patients, stream, treatments
from store.contract import Store, Transaction
from tests.conformance.conftest import OpenStore
from tests.faulty_store import Fault, FaultyStore, T
from tests.records import (
    BENZODIAZEPINE,
    NOW,
    OPIOID,
    PROGRAMME,
    UNKNOWN,
    bring,
    drug,
    envelope,
    handle,
    know_drugs,
    record,
    take,
)
from tests.tables import change, rows
from workers.projection import TreatmentsProjection

ROBIN = patient_key(Person("EXAMPLE", "ROBIN", "1980-01-01", "F", "06103"))
KIM = patient_key(Person("EXAMPLE", "KIM", "1980-01-01", "F", "06103"))
FIRST = date(2026, 6, 1)


def projection(store: Store | FaultyStore, machine: str = "one", *, seconds: float = 0) -> TreatmentsProjection:
    """A process that makes the projection, so many seconds after NOW."""
    return TreatmentsProjection(store, PROGRAMME, lambda: NOW + timedelta(seconds=seconds), machine)


async def project(one: TreatmentsProjection) -> None:
    """It takes turns until it is done."""
    async with asyncio.timeout(30):
        while not await one.is_done():
            await one.turn()


async def standing(store: Store) -> list[tuple[Any, ...]]:
    """Patient, prescriber, beginning and number of records of each treatment."""
    return await rows(
        store,
        "SELECT patient_id, prescriber, began_on, records FROM treatments ORDER BY patient_id, prescriber, began_on",
    )


def expected(*found: tuple[str, str, int]) -> list[tuple[Any, ...]]:
    """The same, of the one prescriber."""
    return sorted((patient, "AS1234563", began_on, records) for patient, began_on, records in found)


@pytest.fixture
async def pharmacy(store: Store) -> Store:
    """A store that knows drugs."""
    await know_drugs(store)
    return store


async def test_only_what_raises_duties_is_counted(pharmacy: Store) -> None:
    """A drug that is not known, an animal's, an exempt (R43) and a voided record make no treatment."""
    await bring(
        pharmacy,
        record("1"),
        record("2", product_id=UNKNOWN),
        record("3", patient={"species": "02"}),
        record("4"),
        record("4", status="void"),
        record("5"),
    )
    await change(pharmacy, "UPDATE dispensations SET marks = 'late exempt:sample' WHERE prescription_number = '5'")
    await project(projection(pharmacy))
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 1))


async def test_r53_a_compound_counts_as_the_strictest_of_its_ingredients(pharmacy: Store) -> None:
    """Of every class that is in it; how much of an opioid is in a unit of it, nobody says (R29)."""
    policy = PROGRAMME.policy.model_copy(update={"alert_opioid_with_benzodiazepine": True, "alert_daily_mme": 1})
    one = TreatmentsProjection(pharmacy, replace(PROGRAMME, policy=policy), lambda: NOW, "one")
    parts = [
        {"number": number, "product_id": ndc, "quantity": "1"}
        for number, ndc in enumerate((BENZODIAZEPINE, UNKNOWN, OPIOID), start=1)
    ]
    await bring(
        pharmacy,
        record("1", product_qualifier="06", product_id="99999000001", ingredients=parts),
        record("2", product_id=UNKNOWN),
    )
    await project(one)
    assert await rows(pharmacy, "SELECT last_schedule, records FROM treatments") == [("II", 1)]
    assert await rows(pharmacy, "SELECT rule FROM clinical_alerts") == [("opioid_with_benzodiazepine",)]


async def test_a_void_and_a_revision_correct_what_was_counted(pharmacy: Store) -> None:
    """A voided record leaves its treatment; one revised to another patient moves there, and both are counted anew."""
    one = projection(pharmacy)
    await bring(pharmacy, *(record(f"{n}", filled_on=FIRST + timedelta(days=n)) for n in range(4)))
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 4))
    await bring(pharmacy, record("0", status="void"))
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-02", 3))
    moved = record("1", filled_on=FIRST + timedelta(days=1), status="revise", patient={"first_name": "KIM"})
    await bring(pharmacy, moved)
    await project(one)
    assert await standing(pharmacy) == expected((KIM, "2026-06-02", 1), (ROBIN, "2026-06-03", 2))
    await bring(pharmacy, *(record(f"{n}", filled_on=FIRST + timedelta(days=n), status="void") for n in (2, 3)))
    await project(one)
    assert await standing(pharmacy) == expected((KIM, "2026-06-02", 1))


async def test_a_late_record_joins_two_courses(pharmacy: Store) -> None:
    """What was two treatments is one when the record between them arrives (R54)."""
    one = projection(pharmacy)
    far = FIRST - timedelta(days=100)
    await bring(pharmacy, record("1", filled_on=far), record("2"))
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-02-21", 1), (ROBIN, "2026-06-01", 1))
    await bring(pharmacy, record("3", filled_on=far + timedelta(days=50)))
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-02-21", 3))


@pytest.mark.parametrize("state", ["waiting", "dead"])
async def test_a_message_that_has_its_effect_late_is_not_missed(pharmacy: Store, state: inbox.State) -> None:
    """It was passed while it waited or was dead; when it is done at last, its record is counted."""
    one, message = projection(pharmacy), envelope(record("1"))

    async def without_effect(tx: Transaction) -> int:
        seq = await take(tx, message)
        await inbox.settle(tx, seq, state, None, NOW)
        return seq

    seq = await pharmacy.write(without_effect)
    await bring(pharmacy, record("2"))
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 1))

    async def at_last(tx: Transaction) -> None:
        await inbox.settle(tx, seq, "done", None, NOW)
        await handle(tx, message, seq)

    await pharmacy.write(at_last)
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 2))
    assert await rows(pharmacy, "SELECT seq FROM projection_late") == []


async def test_one_process_at_a_time(pharmacy: Store) -> None:
    """While one has the lease another does nothing; when the lease is over, it goes on where the first stopped."""
    await bring(pharmacy, record("1"))
    assert await projection(pharmacy).turn()
    await bring(pharmacy, record("2"))
    assert not await projection(pharmacy, "two").turn()
    later = projection(pharmacy, "two", seconds=16)
    await project(later)
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 2))


async def test_two_at_once_do_no_harm(pharmacy: Store, open_store: OpenStore) -> None:
    """Even two that both believe they have the lease leave what one would."""
    await bring(pharmacy, *(record(f"{n}", patient={"zip": f"0610{n}"}) for n in range(9)))
    both = [projection(pharmacy), projection(await open_store())]
    await asyncio.gather(*(project(one) for one in both))
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 9))


@dataclass(slots=True)
class Sleeper(FaultyStore):
    """A process that falls asleep once, when it has read a page and written nothing of it; meanwhile something happens."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def read(self, unit: Callable[[Transaction], Awaitable[T]]) -> T:
        """Read, then sleep."""
        found = await self.store.read(unit)
        if isinstance(found, stream.Page) and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return found


@pytest.mark.parametrize("is_late", [False, True])
async def test_one_that_slept_with_a_page_in_hand_puts_nothing_old_over_what_is_new(
    pharmacy: Store, is_late: bool
) -> None:
    """Another took the lease, read on, and the record was revised to another patient: that stands."""
    message = envelope(record("1"))
    if is_late:
        seq = await pharmacy.write(lambda tx: take(tx, message))
        await pharmacy.write(lambda tx: inbox.settle(tx, seq, "waiting", None, NOW))
        await project(projection(pharmacy))
        await pharmacy.write(lambda tx: inbox.settle(tx, seq, "done", None, NOW))
        await pharmacy.write(lambda tx: handle(tx, message, seq))
    else:
        await bring(pharmacy, record("1"))

    async def meanwhile() -> None:
        await project(projection(pharmacy, "two", seconds=16))
        await bring(pharmacy, record("1", status="revise", patient={"first_name": "KIM"}))
        await project(projection(pharmacy, "two", seconds=16))

    sleeper = Sleeper(pharmacy, meanwhile=meanwhile)
    await projection(sleeper).turn()
    assert sleeper.meanwhile is None
    await project(projection(pharmacy, "two", seconds=16))
    assert await standing(pharmacy) == expected((KIM, "2026-06-01", 1))


async def test_a_store_that_goes_away_loses_nothing(pharmacy: Store) -> None:
    """Every second write fails, before or after its commit; the rows are those of a quiet day."""
    bodies = [record(f"{n}", patient={"first_name": name}) for n, name in enumerate(("ROBIN", "KIM") * 3)]
    await bring(pharmacy, *bodies, record("0", status="void"))
    faults: list[Fault | None] = []
    for n in range(40):
        faults += [Fault(StoreAway("away"), committed=n % 2 == 0), None]
    faulty = FaultyStore(pharmacy, faults)
    async with asyncio.timeout(30):
        while not await (one := projection(faulty)).is_done():
            try:
                await one.turn()
            except StoreAway:
                continue
    assert await standing(pharmacy) == expected((KIM, "2026-06-01", 3), (ROBIN, "2026-06-01", 2))


async def test_any_size_of_page_makes_the_same(pharmacy: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of one message, slices of two rows, one patient at once: the same rows as in one go."""
    for name, size in (("_PAGE_RECORDS", 1), ("_SLICE_RECORDS", 2), ("_PATIENTS", 1)):
        monkeypatch.setattr(workers.projection, name, size)
    names = ("ROBIN", "KIM", "SAM", "BO")
    await bring(pharmacy, *(record(f"{n}", patient={"first_name": names[n % 4]}) for n in range(13)))
    await project(projection(pharmacy))
    assert sorted(records for *_, records in await standing(pharmacy)) == [3, 3, 3, 4]


async def test_merged_patients_are_treated_as_one_and_split_again(pharmacy: Store) -> None:
    """The records do not move: which patient a key stands for is looked up whenever it is counted."""
    one = projection(pharmacy)
    second = FIRST + timedelta(days=10)
    await bring(pharmacy, record("1"), record("2", filled_on=second, patient={"first_name": "KIM"}))
    await project(one)
    apart = expected((ROBIN, "2026-06-01", 1), (KIM, "2026-06-11", 1))
    assert await standing(pharmacy) == apart
    decided = {"was": KIM, "by": "a@example.org", "reason": "One person.", "now": NOW, "seq": 1}

    async def merge(tx: Transaction) -> None:
        await patients.merge(tx, KIM, becomes=ROBIN, **decided)  # type: ignore[arg-type]
        await treatments.mark(tx, [KIM])

    async def split(tx: Transaction) -> None:
        assert await patients.split(tx, KIM, **decided | {"was": ROBIN})  # type: ignore[arg-type]
        await treatments.mark(tx, [ROBIN, KIM])

    await pharmacy.write(merge)
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 2))
    await pharmacy.write(split)
    await project(one)
    assert await standing(pharmacy) == apart


async def test_another_number_of_the_policy_counts_everybody_anew(pharmacy: Store) -> None:
    """A gap of ten days is allowed by one programme and ends the treatment in another."""
    await bring(pharmacy, record("1", filled_on=FIRST - timedelta(days=40)), record("2"))
    await project(projection(pharmacy))
    assert len(await standing(pharmacy)) == 1
    other = projection(pharmacy)
    other.programme = Programme(Policy(treatment_gap_days=5), Vault({}), ())
    await project(other)
    assert len(await standing(pharmacy)) == 2


async def test_a_rebuild_mends_whatever_was_wrong(pharmacy: Store) -> None:
    """Rows that were lost, changed or made up are as the records say afterwards."""
    one = projection(pharmacy)
    await bring(pharmacy, *(record(f"{n}", patient={"first_name": ("ROBIN", "KIM")[n % 2]}) for n in range(6)))
    await project(one)
    before = await standing(pharmacy)
    for wrong in (
        f"DELETE FROM patient_records WHERE patient_key = '{ROBIN}'",
        f"DELETE FROM treatments WHERE patient_id = '{ROBIN}'",
        "UPDATE treatments SET records = 99",
        "INSERT INTO missed_reviews SELECT 'nobody', dispenser, prescription_number, filled_on, fill_number, quantity,"
        " partial_fill, prescriber, written_on FROM patient_records",
    ):
        await change(pharmacy, wrong)
    await one.begin_again()
    await project(one)
    assert await standing(pharmacy) == before
    assert await rows(pharmacy, "SELECT 1 FROM missed_reviews WHERE patient_id = 'nobody'") == []


async def test_a_drug_that_becomes_known_counts_for_what_was_dispensed(pharmacy: Store) -> None:
    """Records of a drug that was not known raise duties as soon as it is; what its packages do not say, its product does."""
    one = projection(pharmacy)
    await bring(pharmacy, record("1", product_id=UNKNOWN))
    await project(one)
    assert await standing(pharmacy) == []
    await pharmacy.write(lambda tx: drugs.put_all(tx, [drug(UNKNOWN[:9], "III", "opioid")], now=NOW))
    await project(one)
    assert await standing(pharmacy) == expected((ROBIN, "2026-06-01", 1))


async def test_r29_a_crossing_keeps_the_day_on_which_it_was_noticed(pharmacy: Store) -> None:
    """Counted anew on a later day it is not new; when its record is voided, it is gone."""
    policy = Policy(alert_daily_mme=30)
    programme = Programme(policy, Vault({}), ())
    await bring(pharmacy, record("1"))

    async def noticed(days: int) -> list[tuple[Any, ...]]:
        one = projection(pharmacy, f"m{days}", seconds=86_400.0 * days)
        one.programme = programme
        await one.begin_again()
        await project(one)
        return await rows(pharmacy, "SELECT patient_id, rule, raised_on, prescriber, noticed_on FROM clinical_alerts")

    crossing = [(ROBIN, "daily_mme", "2026-06-01", "AS1234563", "2026-06-15")]
    assert [await noticed(days) for days in (0, 3)] == [crossing, crossing]
    await bring(pharmacy, record("1", status="void"))
    assert await noticed(4) == []
