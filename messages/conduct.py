"""Conduct: unauthorised use, suspected misuse and policy violations, followed to an outcome (R25, R64).

What people write here is stored, shown in the portal, and never e-mailed (R27).
"""

from __future__ import annotations

from typing import Literal

from messages.message import Email, Line, Message, Prose, Reference, ShortLine

What = Literal["unauthorised_use", "suspected_misuse", "policy_violation"]
Finding = Literal["substantiated", "unsubstantiated", "unfounded"]


class ConductReported(Message):
    """Somebody, named or not, reported conduct, perhaps of one account (R25)."""

    case_id: Reference
    what: What
    text: Prose
    reporter_name: ShortLine | None = None
    reporter_email: Email | None = None
    account_id: Reference | None = None


class ConductReferred(Message):
    """An administrator referred the case to the person or agency in charge (R64)."""

    builds_on = "case_id"

    case_id: Reference
    actor: Email
    agency: Line
    agency_email: Email
    reason: Prose | None = None


class ConductNoted(Message):
    """An administrator added to what is known of a case."""

    builds_on = "case_id"

    case_id: Reference
    actor: Email
    note: Prose


class ConductOutcomeRecorded(Message):
    """The case has come to its outcome and is closed (R25)."""

    builds_on = "case_id"

    case_id: Reference
    actor: Email
    outcome: Finding
    text: Prose | None = None
