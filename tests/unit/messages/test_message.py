"""A message is a frozen, strict value, and its class name is its kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from messages.account import AccountPasswordSet
from messages.message import Email, Line, Message, Part, Prose, Reference, Sealed, ShortLine, same_address
from messages.registration import Consent, RegistrationSubmitted, RegistrationWithdrawn


def _takes(shape: Any, value: object) -> bool:
    try:
        return bool(TypeAdapter(shape).validate_python(value, strict=True) == value)
    except ValidationError:
        return False


@pytest.mark.parametrize(
    ("email", "is_taken"),
    [
        ("robin@example.org", True),
        ("Robin.O'Example+pmp@mail.example.org", True),
        ("a@b.co", True),
        ("x" * 64 + "@example.org", True),
        ("x" * 65 + "@example.org", False),
        ("a@" + "x." * 123 + "org", True),
        ("a@" + "x." * 130 + "org", False),
        ("robin", False),
        ("robin@", False),
        ("@example.org", False),
        ("robin@example", False),
        ("robin@-example.org", False),
        ("robin@example-.org", False),
        ("robin@example..org", False),
        (".robin@example.org", False),
        ("ro..bin@example.org", False),
        ("robin@exam ple.org", False),
        ("robin@example.org\n", False),
        ("robin@example.org\r\nBcc: x@example.org", False),
        ("robin@example.org,x@example.org", False),
        ("Robin <robin@example.org>", False),
        ('"robin"@example.org', False),
        ("robin@[127.0.0.1]", False),
        ("röbin@example.org", False),
        ("robin@exämple.org", False),
    ],
)
def test_an_address_is_one_mailbox(email: str, is_taken: bool) -> None:
    """RFC 5321 and the dot-atom of RFC 5322, in ASCII: never a header, a list or a name."""
    assert _takes(Email, email) is is_taken


@given(st.emails())
def test_an_address_never_holds_a_break_or_a_second_mailbox(email: str) -> None:
    """Whatever is taken is safe in a header."""
    if _takes(Email, email):
        assert email.isascii()
        assert email.isprintable()
        assert not set(email) & set(' ,;<>"()')


@pytest.mark.parametrize("shape", [Line, ShortLine, Prose])
@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\u202e", "\u2066", "\u200f"])
def test_no_text_holds_control_or_direction_characters(shape: object, character: str) -> None:
    """They make a text read as another, or a terminal do things."""
    assert not _takes(shape, f"a{character}b")


@pytest.mark.parametrize(("shape", "longest"), [(Line, 200), (ShortLine, 60), (Prose, 4000)])
def test_texts_have_a_length(shape: object, longest: int) -> None:
    """Neither empty nor longer than a person writes there."""
    assert _takes(shape, "é" * longest)
    assert not _takes(shape, "é" * (longest + 1))
    assert not _takes(shape, "")


@pytest.mark.parametrize("character", ["\n", "\t", "\u2028"])
def test_only_prose_has_lines(character: str) -> None:
    """A line is one line, whatever breaks lines."""
    assert _takes(Prose, f"a{character}b")
    assert not _takes(Line, f"a{character}b")
    assert not _takes(ShortLine, f"a{character}b")


@pytest.mark.parametrize(
    ("reference", "is_taken"),
    [("REG-2026.1:a_b", True), ("7", True), ("x" * 64, True), ("x" * 65, False), ("", False), ("-a", False),
     ("a b", False), ("a/b", False), ("é", False), ("a\n", False)],
)  # fmt: skip
def test_a_reference_is_plain(reference: str, is_taken: bool) -> None:
    """It may stand in a key, a log and a file's name."""
    assert _takes(Reference, reference) is is_taken


@pytest.mark.parametrize(
    ("sealed", "is_taken"),
    [("k1." + "A" * 64, True), ("k-2." + "a_-9" * 16, True), ("K1." + "A" * 64, False), ("A" * 80, False),
     ("k1." + "A" * 10, False), ("k1." + "A" * 5000, False), ("k1." + "=" * 64, False), ("." + "A" * 64, False),
     ("Right-Horse", False)],
)  # fmt: skip
def test_r38_a_secret_is_taken_only_sealed(sealed: str, is_taken: bool) -> None:
    """A password in clear is not one, whoever sends it."""
    assert _takes(Sealed, sealed) is is_taken


def test_r38_an_error_does_not_show_its_input() -> None:
    """Not even in the validator's own words."""
    with pytest.raises(ValidationError) as caught:
        AccountPasswordSet.model_validate({"account_id": "A1", "password": "Right-Horse"})
    assert "Right-Horse" not in str(caught.value)


def test_a_kind_is_its_class_and_module() -> None:
    """Words in lower case behind the family; the version behind a point."""
    assert (RegistrationSubmitted.kind, RegistrationSubmitted.family) == ("registration.submitted", "registration")
    assert AccountPasswordSet.kind == "account.password_set"
    later = type("RegistrationSubmitted_v2", (Message,), {"__module__": "messages.registration"})
    assert later.kind == "registration.submitted.v2"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["Registration", "Applicant", "SubmittedRegistration"])
def test_a_class_that_does_not_begin_with_its_family_is_no_kind(name: str) -> None:
    """It is a part, or something that several kinds share."""
    model = type(name, (Message,), {"__module__": "messages.registration"})
    assert model.kind == ""  # type: ignore[attr-defined]


def test_a_message_does_not_change() -> None:
    """Nor do its parts."""
    message = RegistrationWithdrawn(registration_id="REG-1")
    with pytest.raises(ValidationError):
        message.registration_id = "REG-2"  # type: ignore[misc]
    consent = Consent(terms_version="1", agreed_at=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValidationError):
        consent.terms_version = "2"  # type: ignore[misc]


def test_a_moment_has_its_offset() -> None:
    """A time without an offset means another moment at each reader."""
    consent = Consent.model_validate_json('{"terms_version":"1","agreed_at":"2026-01-01T00:00:00+05:30"}')
    assert consent.agreed_at.utcoffset() == timedelta(hours=5, minutes=30)
    with pytest.raises(ValidationError):
        Consent.model_validate_json('{"terms_version":"1","agreed_at":"2026-01-01T00:00:00"}')


def test_messages_and_parts_are_equally_strict() -> None:
    """They refuse the same."""
    assert Message.model_config == Part.model_config


def test_r2_addresses_compare_without_regard_to_case() -> None:
    """Also beyond the letters that have a lower case of one letter."""
    assert same_address("Robin@Example.ORG") == same_address("robin@example.org")
    assert same_address("robin@example.org") != same_address("robin@example.com")
