"""One valid sample of each kind: what a portal's author copies is taken, and what strays from it is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from messages.codec import Limits, decode, encode
from messages.envelope import JSON, Envelope
from messages.errors import Invalid
from messages.registry import kinds

SAMPLES = Path(__file__).parents[2] / "samples"
JSON_KINDS = [kind for kind, model in kinds().items() if model.content_type == JSON]


def _sample(kind: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{kind}.json").read_text("utf-8"))
    return sample


def _envelope(kind: str, body: object) -> Envelope:
    return Envelope("m1", kind, "portal", json.dumps(body).encode())


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_a_sample_is_taken_and_written_again_unchanged(kind: str) -> None:
    """What is decoded, encoded and decoded again is the same message; no field of the sample is lost."""
    message = decode(_envelope(kind, _sample(kind)), Limits())
    body, content_type = encode(message)
    assert decode(Envelope("m1", kind, "portal", body, content_type=content_type), Limits()) == message
    assert _names(_sample(kind)) <= _names(json.loads(body))


def _names(value: object, path: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    return {name for key, inner in value.items() for name in _names(inner, f"{path}.{key}")}


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, name) for kind in JSON_KINDS for name in kinds()[kind].model_fields]
)
def test_a_field_that_must_be_there_is_missed(kind: str, field: str) -> None:
    """The fault names the field; one that may be missing is not missed."""
    body = {name: value for name, value in _sample(kind).items() if name != field}
    if not kinds()[kind].model_fields[field].is_required() and (kind, field) != (
        "approval.administrator_decided", "reason",
    ):  # fmt: skip
        decode(_envelope(kind, body), Limits())
        return
    with pytest.raises(Invalid) as caught:
        decode(_envelope(kind, body), Limits())
    assert [fault.field for fault in caught.value.faults] == ([field] if field != "reason" else ["body"])


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_a_field_too_many_is_refused(kind: str) -> None:
    """A misspelt field is never silently dropped."""
    with pytest.raises(Invalid) as caught:
        decode(_envelope(kind, _sample(kind) | {"regstration_id": "x"}), Limits())
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [("regstration_id", "extra_forbidden")]


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, name) for kind in JSON_KINDS for name in kinds()[kind].model_fields]
)
@pytest.mark.parametrize("wrong", [{"no": "such"}, [1], 1.5, True, "\u202e<script>SECRET-VALUE\0"])
def test_a_wrong_value_is_named_and_never_repeated(kind: str, field: str, wrong: object) -> None:
    """Each field refuses what is of another type or holds control characters; no error holds the value."""
    with pytest.raises(Invalid) as caught:
        decode(_envelope(kind, _sample(kind) | {field: wrong}), Limits())
    assert caught.value.faults[0].field.split(".")[0] == field
    assert "SECRET-VALUE" not in f"{caught.value} {caught.value.faults}"
