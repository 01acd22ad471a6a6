"""One sample of each JSON kind: it is read, comes back equal, and nothing in it may be missing, doubled or unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from messages.codec import Limits, decode, encode
from messages.envelope import JSON, Envelope
from messages.errors import Invalid
from messages.registry import kinds

SAMPLES = Path(__file__).parents[2] / "samples"
JSON_KINDS = [kind for kind, model in kinds().items() if model.content_type == JSON]


def envelope(kind: str, body: bytes) -> Envelope:
    """The body as a message of its kind."""
    return Envelope("m1", kind, "portal", body)


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_a_sample_goes_round(kind: str) -> None:
    """What is read is written and read again as the same value."""
    message = decode(envelope(kind, (SAMPLES / f"{kind}.json").read_bytes()), Limits())
    body, content_type = encode(message)
    assert content_type == JSON
    assert decode(envelope(kind, body), Limits()) == message


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_an_unknown_field_is_refused_by_name_and_never_by_value(kind: str) -> None:
    """A field that the kind does not have is named; its value is not repeated."""
    sample = json.loads((SAMPLES / f"{kind}.json").read_text())
    with pytest.raises(Invalid) as refused:
        decode(envelope(kind, json.dumps(sample | {"surprise": "SECRET-VALUE"}).encode()), Limits())
    assert [fault.field for fault in refused.value.faults] == ["surprise"]
    assert "SECRET-VALUE" not in repr(refused.value) + repr(refused.value.faults)


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_every_required_field_is_missed_by_name(kind: str) -> None:
    """Leaving out one required field at a time is refused with that field's name."""
    sample = json.loads((SAMPLES / f"{kind}.json").read_text())
    required = [name for name, field in kinds()[kind].model_fields.items() if field.is_required()]
    assert required
    for name in required:
        less = {key: value for key, value in sample.items() if key != name}
        with pytest.raises(Invalid) as refused:
            decode(envelope(kind, json.dumps(less).encode()), Limits())
        assert [(fault.field, fault.code) for fault in refused.value.faults] == [(name, "missing")]


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_a_field_given_twice_is_refused(kind: str) -> None:
    """Two values for one field are a riddle, not a message."""
    text = (SAMPLES / f"{kind}.json").read_text()
    first = next(iter(json.loads(text)))
    twice = text.replace("{", f'{{"{first}": {json.dumps(json.loads(text)[first])},', 1)
    with pytest.raises(Invalid) as refused:
        decode(envelope(kind, twice.encode()), Limits())
    assert [fault.code for fault in refused.value.faults] == ["field_twice"]


def test_no_sample_is_of_no_kind() -> None:
    """A sample whose kind is gone goes with it."""
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(JSON_KINDS)


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, name) for kind in JSON_KINDS for name in kinds()[kind].model_fields]
)
@pytest.mark.parametrize("wrong", [{"no": "such"}, [1], True, "\u202e<script>SECRET-VALUE\0"])
def test_a_wrong_value_is_named_and_never_repeated(kind: str, field: str, wrong: object) -> None:
    """Each field refuses what is of another type or holds control characters; no error holds the value."""
    sample = json.loads((SAMPLES / f"{kind}.json").read_text())
    with pytest.raises(Invalid) as refused:
        decode(envelope(kind, json.dumps(sample | {field: wrong}).encode()), Limits())
    assert refused.value.faults[0].field.split(".")[0] == field
    assert "SECRET-VALUE" not in repr(refused.value) + repr(refused.value.faults)
