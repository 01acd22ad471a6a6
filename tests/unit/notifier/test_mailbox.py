"""A recipient is one mailbox that could exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.errors import RecipientRefused
from notifier.address import mailbox


@pytest.mark.parametrize(
    ("address", "on_the_wire"),
    [
        ("robin@example.org", "robin@example.org"),
        ("Robin.Sample+pmp@Mail.Example.ORG", "Robin.Sample+pmp@mail.example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("robin@bücher.example", "robin@xn--bcher-kva.example"),
        ("jo\u0308rg@example.org", "jörg@example.org"),
        ("用户@example.org", "用户@example.org"),
        ("robin@BU\u0308CHER.Example", "robin@xn--bcher-kva.example"),
        ("robin@xn--bcher-kva.example", "robin@xn--bcher-kva.example"),
        ("robin@例え.テスト", "robin@xn--r8jz45g.xn--zckzah"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_a_mailbox_is_taken(address: str, on_the_wire: str) -> None:
    """The domain becomes lower-case ASCII, the local part stays."""
    assert mailbox(address) == on_the_wire


@pytest.mark.parametrize(
    "address",
    [
        "",
        "robin",
        "@example.org",
        "robin@",
        "robin@localhost",
        "robin@straße.example",  # not strasse.example, which is another's
        "robin@βόλος.example",
        "robin@ｅｘａｍｐｌｅ.org",
        "robin@exam\u200dple.org",
        "robin@@example.org",
        "robin@example..org",
        "robin@-example.org",
        "robin@example.org.",
        ".robin@example.org",
        "robin.@example.org",
        "ro..bin@example.org",
        "robin@example.org, sam@example.org",
        "Robin <robin@example.org>",
        "robin@example.org\r\nRCPT TO:<evil@example.org>",
        "robin\r\n@example.org",
        "robin\x00@example.org",
        "robin @example.org",
        "robin@exa mple.org",
        '"ro bin"@example.org',
        "robin@[192.0.2.1]",
        "ro\u202ebin@example.org",
        "ro\u200bbin@example.org",
        "ro\u00a0bin@example.org",
        "\ud800@example.org",
        "robin@\ud800.org",
        "a" * 65 + "@example.org",
        "ü" * 33 + "@example.org",
        "robin@" + "a" * 64 + ".org",
        "robin@" + ".".join(["a" * 60] * 5),
        "robin@example.org>",
        "robin@exam_ple.org",
    ],
)
def test_anything_else_is_refused_without_repeating_it(address: str) -> None:
    """Headers and commands cannot be smuggled in; the text of the error holds no address."""
    with pytest.raises(RecipientRefused) as caught:
        mailbox(address)
    assert "robin" not in str(caught.value)


@given(st.text(max_size=80))
def test_what_is_taken_is_one_safe_word(text: str) -> None:
    """Whatever comes in, what comes out has no space, bracket or control character, and comes out again."""
    for address in (text, f"{text}@example.org", f"robin@{text}"):
        try:
            taken = mailbox(address)
        except RecipientRefused:
            continue
        assert taken.isprintable()
        assert not set(taken) & set(' <>,;:"\\[]()')
        assert taken.count("@") == 1
        assert mailbox(taken) == taken
        assert len(taken.encode()) <= 254
