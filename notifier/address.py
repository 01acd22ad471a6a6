"""A recipient is one mailbox that a mail server can be asked about; anything else is refused before the wire.

Source: RFC 5321 §4.1.2 and §4.5.3.1 (shape and lengths), RFC 6531 (letters beyond ASCII), RFC 5890 (domains).
"""

from __future__ import annotations

import re
import unicodedata

from messages.errors import RecipientRefused

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# Letters, marks, digits, punctuation and symbols may stand in an international local part; spaces, control,
# format (direction overrides), surrogate and unassigned characters may not.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


def mailbox(address: str) -> str:
    """The address as it goes on the wire: the domain in ASCII and lower case, the local part as given.

    A quoted local part and an address literal are refused: no person registers with one, and both are doors.

    Raises:
        RecipientRefused: it can never be a mailbox; the text says why without repeating it.

    """
    local, at, domain = address.rpartition("@")
    if not at:
        raise RecipientRefused("an e-mail address has one @", field="recipient")
    local, ascii_domain = unicodedata.normalize("NFC", local), _domain(domain)
    for atom in local.split("."):
        if not _ATOM.fullmatch(atom) and not _international(atom):
            raise RecipientRefused("the part before the @ is not one plain mailbox name", field="recipient")
    if len(local.encode()) > 64:
        raise RecipientRefused("the part before the @ is longer than 64 octets", field="recipient")
    if len(local.encode()) + 1 + len(ascii_domain) > 254:
        raise RecipientRefused("the address is longer than 254 octets", field="recipient")
    return f"{local}@{ascii_domain}"


def _international(atom: str) -> bool:
    return not atom.isascii() and all(
        _ATOM.fullmatch(letter) if letter.isascii() else unicodedata.category(letter) not in _FORBIDDEN_CATEGORIES
        for letter in atom
    )


def _domain(domain: str) -> str:
    written = unicodedata.normalize("NFC", domain).lower()
    try:
        ascii_domain = written.encode("idna").decode("ascii")
        # Python knows the older IDNA, which makes another's name of some letters: "ß" would be sent to "ss".
        if ascii_domain.encode("ascii").decode("idna") != written and not written.isascii():
            ascii_domain = ""
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise RecipientRefused("the part after the @ is not a domain name", field="recipient")
    return ascii_domain
