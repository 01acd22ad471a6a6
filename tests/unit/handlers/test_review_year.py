"""Many small years, each with another seed, beside the model that counts everything anew each day (R51–R56)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from store.sqlite import open_sqlite
from tests.simulated_year.story import Story
from tests.simulated_year.year import Year


async def _live(story: Story, folder: Path) -> None:
    store = await open_sqlite(folder / "pmp.db")
    try:
        await store.migrate()
        year = Year(store, story)
        await year.live()
        before = await year.standing()
        assert await year.rebuild() == before
    finally:
        await store.close()


@settings(max_examples=8)
@given(st.integers(2, 12), st.integers(2, 4), st.integers(0, 10_000))
def test_r55_any_year_is_the_models(patients: int, prescribers: int, seed: int) -> None:
    """Whoever fills, revises, voids and reviews what when: the digests and the missed reviews are the model's."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_live(Story(patients, prescribers, seed), Path(folder)))
