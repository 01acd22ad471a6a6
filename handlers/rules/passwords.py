"""What a password must have, and which days matter in its life (R30, R32, R33, R35)."""

from __future__ import annotations

from datetime import date, timedelta

from handlers.rules.policy import Policy


def weaknesses(password: str, policy: Policy) -> tuple[str, ...]:
    """Name what a password lacks, in words for its owner; empty when it will do (R30)."""
    lacks = []
    if len(password) < policy.password_length_min:
        lacks.append(f"at least {policy.password_length_min} characters")
    if not any(c.isupper() for c in password):
        lacks.append("an upper-case letter")
    if not any(c.islower() for c in password):
        lacks.append("a lower-case letter")
    if not any(not c.isalnum() and not c.isspace() for c in password):
        lacks.append("a symbol")
    return tuple(lacks)


def expires_on(set_on: date, policy: Policy) -> date:
    """Return the expiration date E = D + 90: the password works through E - 1 and is expired from the start of E (R32)."""
    return set_on + timedelta(days=policy.password_days)


def is_expired(expiration: date, today: date) -> bool:
    """Tell whether the password is expired on a local date (R32)."""
    return today >= expiration


def warning_window(today: date, policy: Policy) -> tuple[date, date]:
    """Return the first and last expiration date that is warned of today: the mails go on E - 9 … E - 1 (R33)."""
    return today + timedelta(days=1), today + timedelta(days=policy.password_warning_days)
