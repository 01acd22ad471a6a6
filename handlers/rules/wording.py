"""How e-mails say what the store keeps as a moment or a word."""

from __future__ import annotations

from datetime import datetime

from handlers.rules.policy import Policy
from messages.ticket import Category


def told_at(moment: datetime, policy: Policy) -> str:
    """Return a moment as people at the programme read it: ``June 15, 2026, 11:00 AM EDT``."""
    return moment.astimezone(policy.zone).strftime("%B %-d, %Y, %-I:%M %p %Z")


def category_name(category: Category) -> str:
    """Return a category as people read it (R70)."""
    return category.capitalize()
