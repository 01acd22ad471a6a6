"""How e-mails say what the store keeps as a moment or a word."""

from __future__ import annotations

from datetime import date, datetime

from handlers.rules.policy import Policy
from messages.ticket import Category


def told_at(moment: datetime, policy: Policy) -> str:
    """Return a moment as people at the programme read it: ``June 15, 2026, 11:00 AM EDT``."""
    here = moment.astimezone(policy.zone)
    return f"{told_on(here)}, {here:%-I:%M %p %Z}"


def told_on(day: date) -> str:
    """Return a day as people read it: ``June 15, 2026``."""
    return f"{day:%B %-d, %Y}"


def category_name(category: Category) -> str:
    """Return a category as people read it (R70)."""
    return category.capitalize()
