"""A year of review duties, day by day, beside a model that counts everything anew each day (R51–R56), on both engines."""

from __future__ import annotations

from store.contract import Store
from tests.simulated_year.story import Story
from tests.simulated_year.year import Year
from tests.tables import rows


async def test_r55_a_year_of_digests_is_the_models(store: Store) -> None:
    """Late files, revisions, voids and delegates' reviews included; made anew from the records the rows are the same."""
    year = Year(store, Story(patients=150, prescribers=30, seed=20260101))
    await year.live()
    assert year.digests > 300
    told = {(kind, state) for kind, state in await rows(store, "SELECT DISTINCT kind, state FROM inbox")}
    assert {
        ("dispensation.file_submitted", "done"),
        ("review.recorded", "done"),
        ("review.recorded", "refused"),
    } <= told
    assert len(await rows(store, "SELECT no FROM dispensation_versions")) > 50
    assert year.overtaken
    before = await year.standing()
    assert all(before.values())
    assert await year.rebuild() == before
