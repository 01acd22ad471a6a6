"""A secret that a portal sent in clear is not kept; everything else of the message is (R38)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.envelope import Envelope
from messages.scrubbing import without_open_secrets

SAMPLES = Path(__file__).parents[2] / "samples"
REMOVED = b'"(removed: was not sealed)"'


def _scrubbed(body: bytes, encoding: str = "") -> Envelope:
    return without_open_secrets(Envelope("m1", "account.password_set", "portal", body, content_encoding=encoding))


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_r38_sealed_secrets_stay(sample: Path) -> None:
    """A message as it should be is kept to the byte."""
    envelope = Envelope("m1", sample.stem, "portal", sample.read_bytes())
    assert without_open_secrets(envelope) is envelope


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"password": "Right-Horse", "a": 1}', b'{"password": %b, "a": 1}'),
        (b'{"a": {"token":"Right-Horse"}}', b'{"a": {"token":%b}}'),
        (b'{"password": "Right\\"-Horse"}', b'{"password": %b}'),
        (b'{"PASSWORD" : 12345678}', b'{"PASSWORD" : %b}'),
        (b'{"password": "Right-Horse', b'{"password": %b'),
        (b'[[[{"password":\n"Right-Horse"', b'[[[{"password":\n%b'),
        (b'{"password": ["Right-Horse"]}', b'{"password": %b]}'),
        (b'{"password": "k1.short"}', b'{"password": %b}'),
    ],
)
def test_r38_open_secrets_go(body: bytes, kept: bytes) -> None:
    """Also out of what is no JSON, or cut short; the rest is as it was."""
    assert _scrubbed(body).body == kept % REMOVED


def test_r38_a_packed_body_is_looked_into() -> None:
    """One with an open secret is kept unpacked, one without as it came; what cannot be unpacked stays."""
    packed = gzip.compress(b'{"password": "Right-Horse"}')
    scrubbed = _scrubbed(packed, "gzip")
    assert (scrubbed.body, scrubbed.content_encoding) == (b'{"password": %b}' % REMOVED, "")
    for body in (gzip.compress(b'{"a": 1}'), b"no gzip"):
        assert _scrubbed(body, "gzip").body == body


@given(
    st.binary(max_size=200), st.text(st.characters(exclude_characters='"\\', codec="utf-8"), min_size=8, max_size=40)
)
def test_r38_whatever_stands_around_it(before: bytes, secret: str) -> None:
    """The secret is gone behind any bytes, and scrubbing twice changes nothing more."""
    once = _scrubbed(before.replace(b'"', b"") + b'{"password":"' + secret.encode() + b'"}')
    assert once.body.endswith(b'{"password":' + REMOVED + b"}")
    assert without_open_secrets(once) == once
