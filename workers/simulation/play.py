"""The month is played: moment by moment the system and the model hear the same, and their clocks are set alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workers.simulation.model import Month
from workers.simulation.said import Said
from workers.simulation.stage import Stage
from workers.simulation.story.script import Script, moment

LOOKS = ("00:20", "03:45", "05:35", "06:35", "07:05", "08:05", "09:50", "11:20", "12:50", "14:20", "15:50", "17:05", "20:00",
         "23:00")  # fmt: skip
"""When the scheduler looks; behind each daily sweep's hour once, and often enough for targets that run by the minute."""


@dataclass(slots=True)
class Played:
    """What was done so far."""

    month: Month = field(default_factory=Month)
    said: list[Said] = field(default_factory=list)


async def play(stage: Stage, script: Script) -> Played:
    """Everything has been said at its moment, and every sweep has run at its hour."""
    played = Played()
    for at, all_said in _timeline(script):
        if all_said is None:
            await stage.look(at)
            played.month.look(at)
            continue
        await stage.say(at, all_said)
        await stage.turns(at)
        for said in all_said:
            played.month.hear(said)
            played.said.append(said)
        played.month.turns(at)
    return played


def _timeline(script: Script) -> Iterator[tuple[datetime, Sequence[Said] | None]]:
    """Give moments in their order; one without words is a look of the scheduler's."""
    looks: list[tuple[datetime, Sequence[Said] | None]] = [
        (moment(day, hour), None) for day in range(script.days) for hour in LOOKS
    ]
    yield from sorted([*script.in_order(), *looks], key=lambda one: (one[0], one[1] is not None))
