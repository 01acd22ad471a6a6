"""Review: a patient's record was reviewed, or is asked for (R24, R51–R56)."""

from __future__ import annotations

from messages.message import Message, Moment, Reference, ShortLine
from messages.patient import NamedPatient


class ReviewRecorded(Message):
    """``reviewer`` reviewed a patient's record; a delegate on behalf of the supervisor it counts for (R51, R56)."""

    reviewer: Reference
    patient: NamedPatient
    reviewed_at: Moment
    on_behalf_of: Reference | None = None


class ReviewRequested(Message):
    """``requester`` asks for a patient's record; law enforcement with an active case number (R24)."""

    requester: Reference
    patient: NamedPatient
    on_behalf_of: Reference | None = None
    case_number: ShortLine | None = None


class ReviewCaseOpened(Message):
    """A law enforcement account has a new case; its number is active from now on (R24)."""

    account_id: Reference
    case_number: ShortLine


class ReviewCaseClosed(Message):
    """The case is over; its number opens no record any more (R24)."""

    account_id: Reference
    case_number: ShortLine
