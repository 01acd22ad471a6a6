"""Settlement: the answer that nearly every message gets is the model's, although the model does not write it."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from messages.answer import Answer
from messages.envelope import Envelope
from workers.settlement import _accepted


@pytest.mark.parametrize(
    "result", [None, {"verdict": "stored"}, {"text": 'Zoë "x" \n', "none": None, "list": [1, 2.5, {}]}]
)
def test_an_accepted_answer_is_written_as_the_model_writes_it(result: dict[str, JsonValue] | None) -> None:
    """Byte for byte, so that whoever reads answers by the model reads these."""
    envelope = Envelope("m-1", "ticket.opened", "portal", b"{}")
    answer = Answer(status="accepted", message_id="m-1", kind="ticket.opened", result=result)
    assert _accepted(envelope, result) == answer.model_dump_json(exclude_none=True)
    assert Answer.model_validate_json(_accepted(envelope, result)).result == result
