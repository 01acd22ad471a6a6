"""Bytes become messages, or the sender is told what is wrong with them and no value is repeated."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.codec import Limits, decode, encode, weight
from messages.dispensation import DispensationFileSubmitted
from messages.envelope import ASAP, Envelope
from messages.errors import Invalid, Malformed, Permanent, UnknownKind
from messages.registration import RegistrationWithdrawn
from messages.registry import kinds

BODY = b'{"registration_id":"REG-1"}'
WITHDRAWN = RegistrationWithdrawn(registration_id="REG-1")
LIMITS = Limits(json_bytes_max=2000, file_bytes_max=3000, file_unpacked_bytes_max=9000)
TICKET = json.loads((Path(__file__).parents[2] / "samples" / "ticket.opened.json").read_text("utf-8"))


def _envelope(body: bytes = BODY, **properties: str) -> Envelope:
    return replace(Envelope("m1", "registration.withdrawn", "portal", body), **properties)  # type: ignore[arg-type]


def _file(body: bytes, **properties: str) -> Envelope:
    return _envelope(body, kind="dispensation.file_submitted", content_type=ASAP, **properties)


@pytest.mark.parametrize(
    "envelope",
    [
        _envelope(),
        _envelope(content_type="application/json; charset=utf-8"),
        _envelope(content_type="Application/JSON"),
        _envelope(content_encoding="utf-8"),
        _envelope(content_encoding="identity"),
        _envelope(gzip.compress(BODY), content_encoding="gzip"),
        _envelope(gzip.compress(BODY), content_encoding=" GZIP "),
        _envelope(b' \n{"registration_id" : "REG-1" , "reason": "applicant"}\n'),
        _envelope(b'{"registration_id":"REG\\u002d1"}'),
    ],
)
def test_what_means_the_same_is_the_same(envelope: Envelope) -> None:
    """White space, escapes, packing and the letters of a content type make no difference."""
    assert decode(envelope, LIMITS) == WITHDRAWN


def _packed(text: bytes, *, cut: int = 0, more: bytes = b"") -> bytes:
    whole = gzip.compress(text) + more
    return whole[:-cut] if cut else whole


@pytest.mark.parametrize(
    ("envelope", "code", "field"),
    [
        (replace(_envelope(), has_own_id=False), "message_id_missing", "message_id"),
        (_envelope(kind="registration.unheard"), "unknown_kind", "type"),
        (_envelope(kind=""), "unknown_kind", "type"),
        (_envelope(content_type="text/plain"), "wrong_content_type", "content_type"),
        (_envelope(content_type=ASAP), "wrong_content_type", "content_type"),
        (_envelope(content_encoding="br"), "wrong_content_encoding", "content_encoding"),
        (_envelope(content_encoding="gzip"), "not_gzip", "body"),
        (_envelope(_packed(BODY, cut=3), content_encoding="gzip"), "not_gzip", "body"),
        (_envelope(_packed(BODY, more=b"more"), content_encoding="gzip"), "not_gzip", "body"),
        (_envelope(_packed(BODY, more=gzip.compress(b"{}")), content_encoding="gzip"), "not_gzip", "body"),
        (_envelope(zlib.compress(BODY), content_encoding="gzip"), "not_gzip", "body"),
        (_envelope(gzip.compress(b"x" * 2001), content_encoding="gzip"), "body_too_large", "body"),
        (_envelope(b"x" * 2001), "body_too_large", "body"),
        (_file(b"x" * 3001), "body_too_large", "body"),
        (_file(gzip.compress(b"x" * 9001), content_encoding="gzip"), "body_too_large", "body"),
        (_envelope(b""), "not_json", "body"),
        (_envelope(b"not json"), "not_json", "body"),
        (_envelope(BODY[:-1]), "not_json", "body"),
        (_envelope(BODY + BODY), "not_json", "body"),
        (_envelope(b'{"registration_id":"\xff"}'), "not_json", "body"),
        (_envelope(b'{"registration_id":' + b"[" * 900 + b"]" * 900 + b"}"), "not_json", "body"),
    ],
)
def test_what_cannot_be_read_is_told_by_code_and_place(envelope: Envelope, code: str, field: str) -> None:
    """Each way to be unreadable has its own stable code."""
    with pytest.raises((Malformed, UnknownKind)) as caught:
        decode(envelope, LIMITS)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"REG-1"', b"true"])
def test_json_that_is_no_object_is_invalid(body: bytes) -> None:
    """It is JSON, and it is not this message."""
    with pytest.raises(Invalid) as caught:
        decode(_envelope(body), LIMITS)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [("body", "model_type")]


def test_a_body_at_its_limit_is_read() -> None:
    """The limit itself is allowed, packed or not."""
    body = BODY + b" " * (2000 - len(BODY))
    assert decode(_envelope(body), LIMITS) == WITHDRAWN
    assert decode(_envelope(gzip.compress(body), content_encoding="gzip"), LIMITS) == WITHDRAWN


def test_no_more_is_unpacked_than_a_packed_body_says_of_itself() -> None:
    """Who weighs it by its own word can rely on that: one that says too little is no gzip, and most of it stays packed."""
    honest = gzip.compress(b" " * 1_000_000)
    liar = honest[:-4] + (5).to_bytes(4, "little")
    assert weight(honest, "GZIP ") == 1_000_000
    assert (weight(liar, "gzip"), weight(liar, ""), weight(liar, "utf-8")) == (len(liar),) * 3
    with pytest.raises(Malformed) as caught:
        decode(_file(liar, content_encoding="gzip"), Limits())
    assert caught.value.code == "not_gzip"


def test_a_bomb_is_not_unpacked() -> None:
    """Five megabytes from five thousand bytes stop at the limit."""
    bomb = gzip.compress(b" " * 5_000_000)
    with pytest.raises(Malformed) as caught:
        decode(_envelope(bomb, content_encoding="gzip"), replace(LIMITS, json_bytes_max=100_000))
    assert caught.value.code == "body_too_large"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"registration_id":"REG-1","registration_id":"REG-2"}', "registration_id"),
        (b'{"registration_id":"REG-1","reason":"other","reason":"other"}', "reason"),
        (b'{"registration_id" : "REG:1", "reason" : "one: two", "reason" : "other"}', "reason"),
        (b'{"registration_id":"REG-1","registration\\u005fid":"REG-2"}', "registration_id"),
    ],
)
def test_a_field_given_twice_is_refused(body: bytes, field: str) -> None:
    """Two readers would take different values: nobody takes either."""
    with pytest.raises(Invalid) as caught:
        decode(_envelope(body), LIMITS)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [(field, "field_twice")]


def test_every_field_at_fault_is_named_at_once() -> None:
    """A sender need not mend one field after the other."""
    body = TICKET | {"category": "urgent", "requester_email": "nobody", "subject": ""}
    with pytest.raises(Invalid) as caught:
        decode(_envelope(json.dumps(body).encode(), kind="ticket.opened"), LIMITS)
    assert {fault.field for fault in caught.value.faults} == {"category", "requester_email", "subject"}


def test_the_name_of_an_unknown_field_is_data() -> None:
    """What is no identifier is not repeated: a person's name could stand there."""
    with pytest.raises(Invalid) as caught:
        decode(_envelope(b'{"registration_id":"REG-1","Robin Example, 1980":1}'), LIMITS)
    assert [fault.field for fault in caught.value.faults] == ["(unnamed)"]
    assert "Robin" not in repr((caught.value, caught.value.faults))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"requester_email": "SECRET"}, "is not an e-mail address"),
        ({"subject": "SE\nCRET"}, "holds control characters"),
        ({"extra": "SECRET"}, "is not a field of this kind"),
        ({"ticket_id": "SE CRET"}, "is not valid"),
        ({"requester_name": 17}, "input should be a valid string"),
    ],
)
def test_a_sentence_speaks_of_the_field(change: dict[str, object], sentence: str) -> None:
    """It is in our words or in words known to hold no value, and no cause is carried along."""
    with pytest.raises(Invalid) as caught:
        decode(_envelope(json.dumps(TICKET | change).encode(), kind="ticket.opened"), LIMITS)
    assert [fault.text for fault in caught.value.faults] == [sentence]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_file_is_its_bytes() -> None:
    """Nothing of it is changed, and its name comes with the envelope."""
    body = b"TH*4.2B*\xff\x00\r\n~"
    message = decode(_file(gzip.compress(body), content_encoding="gzip", file_name="a.dat"), LIMITS)
    assert message == DispensationFileSubmitted(body=body, file_name="a.dat")
    assert encode(message) == (body, ASAP)


@given(
    kind=st.sampled_from([*kinds(), "no.such"]),
    body=st.binary(max_size=60) | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(lambda value: json.dumps(value).encode()),
    encoding=st.sampled_from(["", "gzip", "x"]),
    content_type=st.sampled_from(["application/json", ASAP, ""]),
)  # fmt: skip
def test_any_bytes_are_a_message_or_told(kind: str, body: bytes, encoding: str, content_type: str) -> None:
    """No body makes the codec fall over."""
    envelope = Envelope("m1", kind, "portal", body, content_type=content_type, content_encoding=encoding)
    try:
        message = decode(envelope, LIMITS)
    except Permanent as error:
        assert error.code
        assert error.text
    else:
        assert message.kind == kind
