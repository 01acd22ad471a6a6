"""The bytes written are the e-mail meant, as another reader of the same standards sees it."""

from __future__ import annotations

import email
import email.policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.mime import Attachment, body, named_mailbox, unstructured

LETTERS = st.text(alphabet=st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=120)


@given(LETTERS)
def test_a_header_text_decodes_to_itself(text: str) -> None:
    """In ASCII, folded within 76 columns when encoded, the same letters on the other side."""
    written = unstructured(text)
    assert written.isascii()
    if written != text:
        assert max(map(len, f"Subject: {written}".split("\r\n"))) <= 76
    message = email.message_from_string(f"Subject: {written}\r\n\r\n", policy=email.policy.default)
    assert message["Subject"] == text


@given(LETTERS)
def test_a_display_name_decodes_to_itself(name: str) -> None:
    """Quotes, backslashes, commas and letters of any script stay one name of one mailbox."""
    header = named_mailbox(name, "robin@example.org")
    assert header.isascii()
    # Not policy.default: in a name it puts a space between two encoded words, against RFC 2047 §6.2.
    phrase, address = parseaddr(header)
    assert (str(make_header(decode_header(phrase))), address) == (name, "robin@example.org")


def test_a_mailbox_without_a_name_is_only_its_address() -> None:
    """No empty quotes."""
    assert named_mailbox("", "robin@example.org") == "<robin@example.org>"


@pytest.mark.parametrize("text", ["x" * 5000, "x" * 998 + "\n.", "ü" * 3000, "From here\n.\n..\n=3D =\n \nend"])
def test_long_lines_and_odd_lines_arrive(text: str) -> None:
    """Lines over SMTP's limit are encoded, never cut; what looks like an encoding is not decoded twice."""
    written = body(text, f"<p>{text}</p>", (), seed="s")
    assert max(map(len, written.split("\r\n"))) <= 998
    message = email.message_from_string(written, policy=email.policy.default)
    part = message.get_body(("plain",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n") == text + "\n"


def test_a_text_that_guesses_the_boundary_cannot_contain_it() -> None:
    """The boundary follows from the text: putting it into the text changes it."""
    first = body("text", "<p>html</p>", (), seed="s")
    boundary = first.split('boundary="')[1].split('"')[0]
    second = body(f"--{boundary}--\n--{boundary}", "<p>html</p>", (), seed="s")
    message = email.message_from_string(second, policy=email.policy.default)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_an_attachment_type_that_is_none_is_a_bug() -> None:
    """Nothing can be smuggled into the part's headers by its type."""
    with pytest.raises(ValueError, match="media type"):
        Attachment("a", "text/csv\r\nX: y", "")


def test_a_page_stays_plain_whatever_letters_it_holds() -> None:
    """HTML writes them in ASCII itself: the page is not encoded, does not grow and reads the same."""
    written = body("text", "<p>DEA · Jörg · 中</p>", (), seed="s")
    part = email.message_from_string(written, policy=email.policy.default).get_body(("html",))
    assert part is not None
    assert part["Content-Transfer-Encoding"] == "7bit"
    assert unescape(part.get_content()).strip() == "<p>DEA · Jörg · 中</p>"
