"""Two persons of equal names, birth date and sex: told apart and joined again, on both engines, whatever comes when."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handlers.outcomes import Done, Outcome, Refuse
from store import patients, sharing
from store.contract import Store, Transaction
from tests.conformance.conftest import Gate, OpenStore
from tests.conformance.shared_keys import NAMES, ZIPS, Place, key, one_of, place_on
from tests.tables import rows
from tests.unit.handlers.bench import NOW

HARTFORD, NEW_HAVEN, _ = ZIPS
ROBIN = key("ROBIN")
HERE, THERE = one_of("ROBIN", HARTFORD), one_of("ROBIN", NEW_HAVEN)


@pytest.fixture
async def place(store: Store) -> Place:
    """One Robin in Hartford, another in New Haven, born on one day."""
    place = await place_on(store)
    await place.fill("0", "ROBIN", HARTFORD, 0)
    await place.fill("20", "ROBIN", NEW_HAVEN, 20)
    await place.project()
    return place


def code(outcome: Outcome) -> str | None:
    """Why it was refused; None when it was not."""
    return outcome.code if isinstance(outcome, Refuse) else None


async def treated(place: Place) -> dict[str, int]:
    """How many records each patient's treatments hold, once the projection is done."""
    await place.project()
    found: dict[str, int] = {}
    for patient, records in await rows(place.store, "SELECT patient_id, records FROM treatments"):
        found[patient] = found.get(patient, 0) + records
    return found


async def test_told_apart_each_has_treatments_of_the_own_records(place: Place) -> None:
    """What came before and what comes later, a revision to another ZIP code and a void: each is whose ZIP code it names."""
    assert await treated(place) == {ROBIN: 2}
    assert await place.tell_apart("ROBIN") == Done({"patient_ids": [*sorted([HERE, THERE])]})
    assert await treated(place) == {HERE: 1, THERE: 1}
    await place.fill("40", "ROBIN", NEW_HAVEN + "-1234", 40)
    assert await treated(place) == {HERE: 1, THERE: 2}
    await place.fill("0", "ROBIN", NEW_HAVEN, 0, status="revise")
    assert await treated(place) == {THERE: 3}
    await place.void("20")
    assert await treated(place) == {THERE: 2}


async def test_joined_again_everything_is_as_it_was(place: Place) -> None:
    """The undoing leaves nothing behind but the history of both decisions."""
    before = await place.standing()
    await place.tell_apart("ROBIN")
    await place.project()
    assert await place.rejoin("ROBIN") == Done({"patient_id": ROBIN})
    await place.project()
    assert await place.standing() == before
    history = await rows(place.store, "SELECT act, patient_key, decided_by FROM patient_links ORDER BY no")
    assert history == [("told_apart", ROBIN, "a@example.org"), ("rejoined", ROBIN, "a@example.org")]


async def test_who_moved_has_two_ids_which_are_merged_and_split(place: Place) -> None:
    """One of the two moves: the new ZIP code is merged with the old one; while it is, the key is not joined again."""
    await place.tell_apart("ROBIN")
    moved = one_of("ROBIN", ZIPS[2])
    await place.fill("40", "ROBIN", ZIPS[2], 40)
    assert await place.merge(HERE, moved) == Done({"patient_id": HERE, "merged": 1})
    assert await treated(place) == {HERE: 2, THERE: 1}
    refused = await place.rejoin("ROBIN")
    assert isinstance(refused, Refuse)
    assert (refused.code, moved in refused.text) == ("merged", True)
    await place.split(HERE, moved)
    assert await treated(place) == {HERE: 1, THERE: 1, moved: 1}


async def test_which_of_two_a_merged_key_belongs_to_is_not_guessed(place: Place) -> None:
    """A merged key is split off before its persons are told apart; told apart, the key alone is nobody to merge."""
    kim = key("KIM")
    await place.merge(ROBIN, kim)
    assert [code(await place.tell_apart(name)) for name in NAMES] == ["merged", "merged"]
    await place.split(ROBIN, kim)
    assert code(await place.merge(kim, HERE)) == "not_told_apart"
    await place.tell_apart("ROBIN")
    assert code(await place.tell_apart("ROBIN")) == "told_apart"
    assert [code(await place.merge(*pair)) for pair in ((kim, ROBIN), (ROBIN, kim))] == ["told_apart", "told_apart"]
    assert code(await place.merge(kim, THERE)) is None
    assert await treated(place) == {HERE: 1, kim: 1}


async def test_r51_a_review_counts_for_the_one_it_named(place: Place) -> None:
    """By ZIP code or by the one's own id; of the key alone it counts for both while nobody knew, and is refused then."""
    await place.review(0, name="ROBIN", patient_id=ROBIN)
    await place.review(20, name="ROBIN", zip_code=HARTFORD)
    await place.tell_apart("ROBIN")
    await place.project()
    assert await rows(place.store, "SELECT patient_id, prescription_number FROM missed_reviews") == [(THERE, "20")]
    assert code(await place.review(20, name="ROBIN", patient_id=ROBIN)) == "told_apart"
    assert await place.review(20, name="ROBIN", patient_id=THERE) == Done({"patient_id": THERE})
    await place.project()
    assert await rows(place.store, "SELECT patient_id FROM missed_reviews") == []
    await place.rejoin("ROBIN")
    assert await place.review(0, name="ROBIN", patient_id=THERE) == Done({"patient_id": ROBIN})


async def test_two_decisions_at_once_see_each_other(store: Store, open_store: OpenStore, gate: Gate) -> None:
    """A merging that begins while a telling apart is not over waits, and then knows of it."""

    async def tell(tx: Transaction) -> None:
        await patients.decide(tx)
        await gate.hold()
        assert await sharing.tell(tx, ROBIN, by="a@example.org", reason="Two persons.", now=NOW, seq=1)

    async def merge(tx: Transaction) -> dict[str, bool]:
        await patients.decide(tx)
        return dict(await sharing.among(tx, [ROBIN]))

    other = await open_store()
    telling = asyncio.create_task(store.write(tell))
    await gate.reached.wait()
    merging = asyncio.create_task(other.write(merge))
    await other.read(lambda tx: sharing.named(tx, ROBIN, ""))
    gate.open()
    await telling
    assert await merging == {ROBIN: True}


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_ends_as_the_model_says_and_as_a_rebuild(store: Store, seed: int) -> None:
    """Records, revisions, voids, reviews, mergings and tellings apart in any order, projected now and then."""
    chance, place = Random(seed), await place_on(store)
    refused = 0
    for _ in range(60):
        refused += isinstance(await _act(place, chance), Refuse)
        if chance.random() < 0.3:
            await place.project()
            assert (await place.standing())["missed_reviews"] == place.missed()
    await place.project()
    standing = await place.standing()
    assert standing["missed_reviews"] == place.missed()
    assert sum(records for *_, records, _, _ in standing["treatments"]) == len(place.records)
    assert await place.rebuilt() == standing
    assert refused


async def _act(place: Place, chance: Random) -> Outcome | None:
    """Something is said."""
    name, zip_code, day = chance.choice(NAMES), chance.choice(ZIPS), chance.randrange(60)
    ids = [*map(key, NAMES), *(one_of(name, zip_code) for name in NAMES for zip_code in ZIPS)]
    number = str(chance.randrange(30))
    known = place.records.get(number)
    match chance.choice(
        ("fill", "fill", "fill", "void", "review", "review", "id", "merge", "split", "apart", "rejoin")
    ):
        case "fill":
            day = int(number) if known is None else known[2]
            await place.fill(number, name, zip_code, day, status="new" if known is None else "revise")
        case "void" if known is not None:
            await place.void(number)
        case "review":
            return await place.review(day, name=name, zip_code=zip_code)
        case "id":
            return await place.review(day, name=name, patient_id=chance.choice((key(name), one_of(name, zip_code))))
        case "merge":
            return await place.merge(*chance.sample(ids, 2))
        case "split" if place.aliases:
            one = chance.choice(sorted(place.aliases))
            return await place.split(place.aliases[one], one)
        case "apart":
            return await place.tell_apart(name)
        case "rejoin":
            for one, patient in list(place.aliases.items()):  # everything is split off first, as the refusal says
                if key(name) in (one[:32], patient[:32]):
                    await place.split(patient, one)
            return await place.rejoin(name)
    return None
