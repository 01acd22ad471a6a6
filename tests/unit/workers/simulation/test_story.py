"""The month's story: the same for the same seed, and everything of it there within the first days."""

from __future__ import annotations

from workers.simulation.story import tell
from workers.simulation.story.script import moment


def _spoken(days: int, seed: int) -> list[tuple[str, str]]:
    return [(f"{said.at}", said.spoken_kind) for said in tell(days, seed)[0].lines]


def test_a_seed_tells_one_story() -> None:
    """The same seed says the same, another seed something else."""
    assert _spoken(9, 1) == _spoken(9, 1)
    assert _spoken(9, 1) != _spoken(9, 2)


def test_a_short_month_is_the_beginning_of_a_long_one() -> None:
    """Nothing is said behind the last day, and a week and two days hold nearly every kind."""
    script, _ = tell(9, 1)

    assert max(said.at for said in script.lines) < moment(9, "00:00")
    assert len({said.spoken_kind for said in script.lines}) >= 50


def test_patients_have_names_that_nobody_else_has() -> None:
    """A patient's name found anywhere is that patient's."""
    _, cast = tell(3, 1)

    names = {one.last_name for one in cast.patients}
    assert len(names) == len(cast.patients)
    assert len({one.dea for one in cast.dispensers}) == len(cast.dispensers)
