"""Account: what happens to an approved user's access (R20, R22, R26, R30–R38)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import model_validator

from messages.message import Email, Line, Message, Moment, Prose, Reference, Sealed, ShortLine

Ground = Literal["agreement_breach", "policy_breach", "not_cooperating", "credential_lost", "other"]
"""Why an administrator takes access away (R20)."""


class AccountLoginAttempted(Message):
    """Someone gave an address and a password: the workers check it, count failures, and answer (R34–R37)."""

    address: Email
    password: Sealed


class AccountLoginSucceeded(Message):
    """A portal that checks passwords by other means let someone in (R34)."""

    address: Email


class AccountLoginFailed(Message):
    """A portal that checks passwords by other means turned someone away (R37)."""

    address: Email


class AccountPasswordResetRequested(Message):
    """Someone asks to choose a new password; the answer is the same whether or not the address is known (R36)."""

    address: Email


class AccountPasswordReset(Message):
    """A link was used to choose a new password: its page is named by ``reset_id``, its secret travels sealed (R36, R38)."""

    reset_id: Reference
    token: Sealed
    password: Sealed


class AccountPasswordSet(Message):
    """A user chose a new password; it travels sealed and is never written down in clear (R30, R31, R38)."""

    builds_on = "account_id"

    account_id: Reference
    password: Sealed
    set_at: Moment | None = None


class AccountProfileChanged(Message):
    """A user reports a change of name, facility, job or employment; what is not given stays as it is (R22).

    An employment that ended, and a role that was given up, end eligibility.
    """

    builds_on = "account_id"

    account_id: Reference
    first_name: ShortLine | None = None
    last_name: ShortLine | None = None
    facility: Line | None = None
    job: Line | None = None
    employment: Literal["employed", "self_employed", "on_leave", "ended", "retired"] | None = None
    role: Literal["kept", "given_up"] | None = None

    @model_validator(mode="after")
    def _reports_something(self) -> AccountProfileChanged:
        given = self.model_dump(exclude_none=True, exclude={"account_id"})
        if not given:
            raise ValueError("reports no change")
        return self


class AccountEligibilityKept(Message):
    """An administrator looked at a reported change and the account stays as it is (R22)."""

    builds_on = "account_id"

    account_id: Reference
    administrator: Email


class AccountEmailChangeRequested(Message):
    """A user gives a new address; it takes effect when the link sent to it is used (R22)."""

    builds_on = "account_id"

    account_id: Reference
    new_email: Email


class AccountEmailChangeConfirmed(Message):
    """The link sent to a new address was used; its secret travels sealed (R22, R38)."""

    change_id: Reference
    token: Sealed


class AccountSuspended(Message):
    """An administrator suspends an account, until the start of a date or until further notice (R20)."""

    builds_on = "account_id"

    account_id: Reference
    administrator: Email
    ground: Ground
    reason: Prose | None = None
    until: date | None = None


class AccountRevoked(Message):
    """An administrator revokes an account's access (R20)."""

    builds_on = "account_id"

    account_id: Reference
    administrator: Email
    ground: Ground
    reason: Prose | None = None


class AccountDeactivated(Message):
    """An administrator deactivates an account whose holder needs it no more (R20)."""

    builds_on = "account_id"

    account_id: Reference
    administrator: Email
    ground: Literal["on_request", "left_profession", "not_eligible", "other"]
    reason: Prose | None = None


class AccountReinstated(Message):
    """An administrator gives access back (R20)."""

    builds_on = "account_id"

    account_id: Reference
    administrator: Email
    reason: Prose | None = None


class AccountTermsPublished(Message):
    """A new version of the terms of use takes effect on a date; users are told at their next login (R26)."""

    version: ShortLine
    effective_on: date
    administrator: Email


class AccountTermsAccepted(Message):
    """A user accepted a version of the terms of use (R26)."""

    builds_on = "account_id"

    account_id: Reference
    version: ShortLine
    accepted_at: Moment
