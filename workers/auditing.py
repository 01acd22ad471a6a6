"""What the audit trail says of a message (R60): who sent it, for whom, about which record, and which fields it changed.

The names of a model's fields say it, so a new kind needs nothing more: the first field that ends in ``_id`` is the record, and
the first of ``ACTORS`` is the person on whose behalf the portal speaks. Where a message names a patient and no other record, the
record is the patient's, by the key; not where it was refused (R24).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from handlers.patients import key_of
from messages.envelope import Envelope
from messages.message import Message
from messages.patient import NamedPatient
from store.audit import Change, Entry

ACTORS = (
    "administrator", "programme_manager", "actor", "author", "reviewer", "requester", "supervisor", "delegate",
    "address", "requester_email", "reporter_email", "email",
)  # fmt: skip
"""Fields that say who acted; where a model has more than one, the first in this order."""


@cache
def _telling(model: type[Message]) -> tuple[str | None, str | None]:
    fields = model.model_fields
    record = next((name for name in fields if name.endswith("_id")), None)
    return record, next((name for name in ACTORS if name in fields), None)


def entry_of(envelope: Envelope, message: Message | None, outcome: str, changes: Sequence[Change] = ()) -> Entry:
    """Return the trail's entry of a message that came to this outcome; one that could not be read names nobody."""
    if message is None:
        return Entry(envelope.sender, envelope.kind, outcome, message_id=envelope.message_id)
    record, actor = _telling(type(message))
    return Entry(
        envelope.sender,
        envelope.kind,
        outcome,
        on_behalf=(getattr(message, actor) or "") if actor else "",
        message_id=envelope.message_id,
        record=str(getattr(message, record) or "") if record else _patients(message, outcome),
        changes=changes,
    )


def _patients(message: Message, outcome: str) -> str:
    patient = getattr(message, "patient", None)
    return key_of(patient) if outcome == "done" and isinstance(patient, NamedPatient) else ""
