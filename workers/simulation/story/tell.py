"""All parts of the story, put together."""

from __future__ import annotations

import random

from workers.simulation.story.accounts import accounts_of_the_month
from workers.simulation.story.cast import POLICE, Cast
from workers.simulation.story.chance import any_acts_of_the_month
from workers.simulation.story.desk import desk_of_the_month
from workers.simulation.story.filing import filing_of_the_month
from workers.simulation.story.mandates import mandates_of_the_month
from workers.simulation.story.people import founding, newcomers
from workers.simulation.story.reviews import reviews_of_the_month
from workers.simulation.story.script import Script


def tell(days: int, seed: int) -> tuple[Script, Cast]:
    """Return what is said in so many days, and who is in it."""
    chance = random.Random(seed)  # noqa: S311 - made-up data, to be the same again
    script, cast = Script(chance, days), Cast(chance)
    people = founding(script, cast)
    joined = newcomers(script, cast, people)
    accounts_of_the_month(script, cast, people)
    desk_of_the_month(script, cast, people)
    any_acts_of_the_month(script, cast, people)
    filing_of_the_month(script, cast, people)
    officer = next(one for one in joined if one.role == POLICE)
    reviews_of_the_month(script, cast, people, officer)
    mandates_of_the_month(script, cast)
    return script, cast
