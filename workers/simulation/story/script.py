"""The month's script: who says what, on which day of the month, at which hour in Connecticut."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from messages.message import Message
from workers.simulation.said import Handed, Link, Said, Sender

ZONE = ZoneInfo("America/New_York")
FIRST_DAY = date(2025, 10, 28)
"""A Tuesday. The month has the change of clocks on its sixth day, a holiday on its fifteenth, another on its thirty-first."""

CHIEF, DEPUTY = "chief@pmp.example.org", "deputy@pmp.example.org"
MANAGER = "manager@pmp.example.org"
SEALED = "unsealed." + "A" * 64
"""Stands in a script where the stage puts the sealed secret: what is sealed is bound to its message."""


def moment(day: int, hour: str) -> datetime:
    """The moment of an hour (``09:30``) on a day of the month; day 0 is its first, days before it are negative."""
    local = datetime.combine(FIRST_DAY + timedelta(days=day), time.fromisoformat(hour), tzinfo=ZONE)
    return local.astimezone(UTC)


def on(day: int) -> date:
    """The date of a day of the month."""
    return FIRST_DAY + timedelta(days=day)


@dataclass(slots=True)
class Script:
    """Everything that will be said, in the order of its writing; ``in_order`` gives it in the order of time."""

    chance: random.Random
    days: int
    lines: list[Said] = field(default_factory=list)

    def say(
        self,
        day: int,
        hour: str,
        message: Message | None,
        *,
        sender: Sender = "portal",
        password: str = "",
        link: Link = "",
        link_of: str = "",
        handed: Handed | None = None,
        patient: str = "",
        same_as: tuple[str, ...] = (),
        times: int = 1,
        kind: str = "",
    ) -> None:
        """The message is said then; what lies behind the last day is not."""
        if day >= self.days:
            return
        message_id = f"sim-{len(self.lines) + 1:05}"
        self.lines.append(
            Said(
                moment(day, hour), message_id, message, sender,
                password=password, link=link, link_of=link_of, handed=handed, patient=patient, same_as=same_as,
                times=times, kind=kind,
            )
        )  # fmt: skip

    def in_order(self) -> list[tuple[datetime, Sequence[Said]]]:
        """Return what is said, moment by moment."""
        by_moment: dict[datetime, list[Said]] = {}
        for said in self.lines:
            by_moment.setdefault(said.at, []).append(said)
        return sorted(by_moment.items())


def forms(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the fields that are asked for."""
    return {name: value for name, value in values.items() if name in names}
