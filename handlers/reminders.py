"""Reminders that more than one occasion raises, each under one key, so that no day has two."""

from __future__ import annotations

from datetime import date

from store.outbox import Staged


def password_expiring(account_id: str, email: str, name: str, expires_on: date, *, today: date) -> Staged:
    """Return the warning that a password expires: one a day, whether the day itself or a login raises it (R33, R34)."""
    return Staged(
        "mail",
        "account.password_expiring",
        email,
        {"name": name, "expires_on": expires_on.isoformat(), "days_left": (expires_on - today).days},
        key=f"account.password_expiring:{account_id}:{today.isoformat()}",
    )
