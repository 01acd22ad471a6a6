"""Account: what happens to an approved user's access (R20, R22, R26, R30–R38), by what it is about."""

from __future__ import annotations

from handlers.account_access import deactivated, reinstated, revoked, suspended
from handlers.account_login import (
    login_attempted,
    login_failed,
    login_succeeded,
    look_login_attempted,
    prepare_login_attempted,
)
from handlers.account_password import (
    look_password_reset,
    look_password_set,
    password_reset,
    password_reset_requested,
    password_set,
    prepare_password_reset,
    prepare_password_reset_requested,
    prepare_password_set,
)
from handlers.account_profile import (
    eligibility_kept,
    email_change_confirmed,
    email_change_requested,
    look_email_change_confirmed,
    prepare_email_change_confirmed,
    prepare_email_change_requested,
    profile_changed,
)
from handlers.account_terms import terms_accepted, terms_published

__all__ = [
    "deactivated", "eligibility_kept", "email_change_confirmed", "email_change_requested", "login_attempted",
    "login_failed", "login_succeeded", "look_email_change_confirmed", "look_login_attempted", "look_password_reset",
    "look_password_set", "password_reset", "password_reset_requested", "password_set",
    "prepare_email_change_confirmed", "prepare_email_change_requested", "prepare_login_attempted",
    "prepare_password_reset", "prepare_password_reset_requested", "prepare_password_set", "profile_changed",
    "reinstated", "revoked", "suspended", "terms_accepted", "terms_published",
]  # fmt: skip
