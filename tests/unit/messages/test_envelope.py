"""An envelope says which message it is, and comes back whole from wherever it was kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from messages.envelope import Envelope

PLAIN = Envelope("m1", "ticket.opened", "portal", b"{}")
_TEXT = st.text(max_size=20)


@given(
    st.builds(
        Envelope,
        message_id=_TEXT,
        kind=_TEXT,
        sender=_TEXT,
        body=st.binary(max_size=20),
        content_type=_TEXT,
        content_encoding=_TEXT,
        sent_at=st.none() | st.datetimes(timezones=st.just(UTC)),
        app_id=_TEXT,
        correlation_id=_TEXT,
        reply_to=_TEXT,
        file_name=_TEXT,
        has_own_id=st.booleans(),
        original_id=_TEXT,
    )
)
def test_what_was_kept_comes_back_whole(envelope: Envelope) -> None:
    """Nothing that AMQP said is lost between a dead letter and its replay."""
    again = Envelope.from_properties(
        message_id=envelope.message_id, kind=envelope.kind, sender=envelope.sender,
        properties=envelope.properties_json(), body=envelope.body,
    )  # fmt: skip
    assert again == envelope


def test_properties_hold_no_body() -> None:
    """The body is kept apart, where fewer may look."""
    kept = json.loads(replace(PLAIN, body=b"Robin Example").properties_json())
    assert "Robin" not in repr(kept)
    assert not {"body", "message_id", "kind", "sender"} & kept.keys()


def test_the_same_message_is_of_the_same_sender_and_id() -> None:
    """Whatever else differs."""
    assert PLAIN.key == replace(PLAIN, body=b"[]", app_id="x").key
    assert PLAIN.key != replace(PLAIN, sender="gateway").key


def test_a_digest_is_of_content_and_kind() -> None:
    """A repeated message has it again; another content or kind under the same id is found out."""
    assert PLAIN.digest() == replace(PLAIN, message_id="m2", sent_at=datetime(2026, 1, 1, tzinfo=UTC)).digest()
    assert PLAIN.digest() != replace(PLAIN, body=b"[]").digest()
    assert PLAIN.digest() != replace(PLAIN, kind="ticket.closed").digest()
    assert replace(PLAIN, kind="é" * 100).digest()


def test_a_message_without_id_gets_one_of_its_content() -> None:
    """The same again when it is delivered again; another for another content, sender, kind or time."""
    named = replace(PLAIN, message_id="").with_derived_id()
    assert named == replace(PLAIN, message_id="").with_derived_id()
    assert named.message_id.startswith("none:")
    assert (named.has_own_id, named.own_id) == (False, "")
    others = [
        replace(PLAIN, body=b"[]"),
        replace(PLAIN, sender="gateway"),
        replace(PLAIN, kind="ticket.closed"),
        replace(PLAIN, sent_at=datetime(2026, 1, 1, tzinfo=UTC)),
    ]
    assert len({one.with_derived_id().message_id for one in (PLAIN, *others)}) == 5


def test_a_reused_id_is_kept_apart() -> None:
    """Its name holds the content's digest; the answer refers to the id that its sender knows."""
    other = replace(PLAIN, body=b"[]").with_reused_id()
    assert other.message_id == f"m1#{other.digest()}"
    assert other.own_id == "m1"
    assert other.with_reused_id().own_id == "m1"
    assert replace(PLAIN, has_own_id=False).with_reused_id().own_id == ""


def test_what_an_earlier_version_kept_is_read() -> None:
    """It knew one property more, which nobody asked for."""
    kept = PLAIN.properties_json()
    earlier = kept[:-1] + ',"traceparent":"00-1"}'
    assert (
        Envelope.from_properties(
            message_id=PLAIN.message_id, kind=PLAIN.kind, sender=PLAIN.sender, properties=earlier, body=PLAIN.body
        )
        == PLAIN
    )
