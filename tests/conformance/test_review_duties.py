"""A year of review duties, day by day, beside a model that counts everything anew each day (R51–R56), on both engines."""

from __future__ import annotations

from store.contract import Store
from tests.simulated_year.story import Story
from tests.simulated_year.year import Year
from tests.tables import rows


async def test_r55_a_year_of_digests_is_the_models(store: Store) -> None:
    """Late files, revisions, voids, merged patients, namesakes, residents and delegates' reviews included.

    Made anew from the records the rows are the same.
    """
    year = Year(store, Story(patients=150, prescribers=30, seed=20260101))
    await year.live()
    assert year.digests > 300
    told = {(kind, state) for kind, state in await rows(store, "SELECT DISTINCT kind, state FROM inbox")}
    assert {
        ("dispensation.file_submitted", "done"),
        ("review.recorded", "done"),
        ("review.recorded", "refused"),
        ("patient.merged", "done"),
        ("patient.split", "done"),
        ("patient.told_apart", "done"),
        ("patient.rejoined", "done"),
    } <= told
    assert len(await rows(store, "SELECT no FROM dispensation_versions")) > 50
    assert year.overtaken
    assert await rows(store, "SELECT seq FROM dispensations WHERE marks LIKE '%exempt:inpatient%'")
    assert await rows(store, "SELECT seq FROM dispensations WHERE species = '02'")
    before = await year.standing()
    assert all(before.values())
    assert await year.rebuild() == before
