"""The bytes of an e-mail, in the one structure a notice has: text beside HTML, then any attachments.

The standard library's EmailMessage takes about a millisecond to build and flatten one; this writer knows its
few shapes and takes a few hundredths of that. Sources: RFC 5322, RFC 2045 to 2047, RFC 2183.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

LINE_OCTETS_MAX = 998  # RFC 5322 §2.1.1
_ENCODED_WORD_OCTETS = 39  # base64 of it, with "=?utf-8?b?…?=" around and "Subject: " before, stays under 76

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_FILE_NAME_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_ATEXT_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent along: text only, e.g. the complete list of faults as ``text/csv``."""

    name: str
    media_type: str
    text: str

    def __post_init__(self) -> None:
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError("an attachment's media type is type/subtype in lower case")


def unstructured(text: str) -> str:
    """A header's free text: as it is when plain, else in encoded words, folded (RFC 2047).

    Text that merely looks like an encoded word is encoded too: no name is decoded into something else.
    """
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text
    words, word = [], b""
    for letter in text:
        octets = letter.encode()
        if len(word) + len(octets) > _ENCODED_WORD_OCTETS:
            words.append(word)
            word = b""
        word += octets
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def named_mailbox(name: str, address: str) -> str:
    """``Name <address>`` for a header; the name quoted or encoded as it needs."""
    if not name:
        return f"<{address}>"
    if _ATEXT_PHRASE.fullmatch(name) and "=?" not in name:
        phrase = name
    elif name.isascii() and name.isprintable() and "=?" not in name:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = unstructured(name)
    return f"{phrase}\r\n <{address}>"


def body(text: str, html: str, attachments: tuple[Attachment, ...], *, seed: str) -> str:
    """The MIME headers and body after the mail's own headers; the same arguments give the same characters.

    The boundary is a digest of everything between the boundaries: nobody can write a text that contains it.
    """
    # HTML has a way of its own to write a letter in ASCII, so that one "·" does not have the whole page encoded and grow.
    page = html.encode("ascii", "xmlcharrefreplace").decode()
    parts = (_text_part("plain", text), _text_part("html", page))
    alternative = _multipart("alternative", parts, seed)
    if not attachments:
        return f"MIME-Version: 1.0\r\n{alternative}"
    files = tuple(_file_part(attachment) for attachment in attachments)
    return f"MIME-Version: 1.0\r\n{_multipart('mixed', (alternative, *files), seed)}"


def _multipart(subtype: str, parts: tuple[str, ...], seed: str) -> str:
    digest = hashlib.sha256("\0".join((seed, subtype, *parts)).encode()).hexdigest()[:32]
    boundary = f"=_{digest}"
    inner = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n{inner}--{boundary}--\r\n'


def _text_part(subtype: str, text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    content = "\r\n".join(lines) + "\r\n"
    if content.isascii() and max(map(len, lines)) <= LINE_OCTETS_MAX:
        charset, encoding = "us-ascii", "7bit"
    else:
        charset, encoding = "utf-8", "quoted-printable"
        content = binascii.b2a_qp(content.encode(), quotetabs=False, istext=True).decode("ascii")
    return _part(f"text/{subtype}; charset={charset}", encoding, content)


def _file_part(attachment: Attachment) -> str:
    name = _FILE_NAME_UNFIT.sub("_", attachment.name).strip("._")[:80] or "attachment"
    encoded = base64.encodebytes(attachment.text.encode("utf-8", "replace")).decode("ascii")
    media_type = f'{attachment.media_type}; charset=utf-8\r\nContent-Disposition: attachment; filename="{name}"'
    return _part(media_type, "base64", encoded.replace("\n", "\r\n"))


def _part(media_type: str, encoding: str, content: str) -> str:
    return f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{content}"
