"""What the workers say back to a sender who gave a ``reply_to``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

ANSWER_KIND = "pmp.answer"


class AnsweredField(BaseModel):
    """One field at fault, without its value."""

    model_config = ConfigDict(frozen=True)

    field: str
    code: str
    text: str


class Answer(BaseModel):
    """The outcome of one message, sent after its commit with ``correlation_id`` = its ``message_id``.

    accepted: it had its effect (``result`` holds what the kind returns). refused: a rule says no, and the sender can
    do something about it. failed: it could not be processed and stands in the dead letters for an operator.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["accepted", "refused", "failed"]
    message_id: str
    kind: str
    code: str | None = None
    field: str | None = None
    text: str | None = None
    faults: tuple[AnsweredField, ...] = ()
    result: Mapping[str, JsonValue] | None = None
