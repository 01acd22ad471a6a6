"""What an account's access may become, as a table, and the words for why (R20, R21)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal

State = Literal["active", "suspended", "revoked", "deactivated"]
Act = Literal["suspend", "revoke", "deactivate", "reinstate"]

# What an account is (left) becomes by what an administrator does (top). None: refused. A reinstated account is suspended, not
# active, while another cause of suspension is open (R21).
NEXT: Mapping[State, Mapping[Act, State | None]] = MappingProxyType({
    "active":      {"suspend": "suspended", "revoke": "revoked", "deactivate": "deactivated", "reinstate": None},
    "suspended":   {"suspend": "suspended", "revoke": "revoked", "deactivate": "deactivated", "reinstate": "active"},
    "revoked":     {"suspend": None,        "revoke": None,      "deactivate": None,          "reinstate": "active"},
    "deactivated": {"suspend": None,        "revoke": "revoked", "deactivate": None,          "reinstate": "active"},
})  # fmt: skip

GROUNDS: Mapping[str, str] = MappingProxyType({
    "agreement_breach": "The conditions of the terms of use were not kept.",
    "policy_breach": "A policy of the program was not kept.",
    "not_cooperating": "An investigation or audit did not have your cooperation.",
    "credential_lost": "A state or federal credential that your access depends on was lost.",
    "on_request": "You asked for it.",
    "left_profession": "You have left the profession.",
    "not_eligible": "Your present position does not entitle you to access.",
    "other": "An administrator decided so.",
})  # fmt: skip
"""The grounds of R20 in the words of an e-mail."""

CREDENTIALS: Mapping[str, str] = MappingProxyType({
    "csp": "Controlled-substance registration (CSP)",
    "dea": "DEA registration",
    "license": "State license",
})  # fmt: skip
"""Credentials in the words of an e-mail."""


def in_words(ground: str, reason: str | None) -> str:
    """Return the reason that an e-mail gives: the ground, and what the administrator wrote."""
    return GROUNDS[ground] if reason is None else f"{GROUNDS[ground]}\n{reason}"


def lapses_on(status: str, expires_on: date | None, told_on: date) -> date:
    """Return the first day without a credential: its expiration, or the day it was said to have ended if earlier (R21)."""
    until = expires_on or date.max
    return until if status == "active" else min(until, told_on)
