"""What the help desk promises per category: until when it answers, until when it has solved (R71)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from messages.ticket import Category

Span = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3} (minutes?|hours?|business days?)$")]
"""A span as a setting writes it: ``30 minutes``, ``4 hours``, ``2 business days``."""


@dataclass(frozen=True, slots=True)
class Target:
    """A span of help-desk time."""

    number: int
    unit: str

    def as_time(self, business_day: timedelta) -> timedelta:
        """Return how much time that is when a business day has so much."""
        unit = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "business day": business_day}[self.unit]
        return self.number * unit


class CategoryTargets(BaseModel):
    """One target per category; each is a setting of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    critical: Span
    high: Span
    medium: Span
    low: Span

    def of(self, category: Category) -> Target:
        """Return a category's target."""
        number, _, unit = str(getattr(self, category)).partition(" ")
        return Target(int(number), unit.removesuffix("s"))


class ResponseTargets(CategoryTargets):
    """Until when the help desk has answered."""

    critical: Span = "30 minutes"
    high: Span = "2 hours"
    medium: Span = "1 business day"
    low: Span = "2 business days"


class ResolutionTargets(CategoryTargets):
    """Until when the problem is solved."""

    critical: Span = "4 hours"
    high: Span = "2 business days"
    medium: Span = "10 business days"
    low: Span = "30 business days"
