"""What a notice may be told: the facts its template declares, their shapes, and the check of the facts given.

A shape is written in ``notice.toml`` as one word, with ``?`` behind it when the fact may be missing (it is
None then):

========== =======================================================================
``text``   one line; line breaks in it become spaces
``prose``  text that keeps its line breaks
``number`` a whole number
``date``   a calendar day: ``2026-12-01`` reads "December 1, 2026"; other text is shown as given
``texts``  a list of one-line texts
``pairs``  a list of [label, value]
``link``   an address on the portal, whole or from its root (``/verify/…``)
a table    a list of objects with the fields of the table, e.g. one row per pharmacy
========== =======================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from messages.errors import FieldFault, Invalid

# A page of prose; longer is not a notice, and would let one message fill a mailbox.
TEXT_CHARS_MAX = 10_000
# The file of a list that long, sent along with the e-mail, is about 500 kB.
ROWS_MAX = 5_000

# Control characters, direction overrides (they make a name read as another), zero-width marks that hide
# text, surrogates (not UTF-8). The joiners U+200C and U+200D stay: Persian and Indic names need them.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# Not the machine's locale: the same notice reads the same everywhere.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_LINE_BREAKS = re.compile(r"[\t\r\n]+")
_FOREIGN_BREAKS = re.compile(r"\r\n?|\t")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact a template declares; ``fields`` is filled when it is a list of objects (shape ``rows``)."""

    name: str
    shape: str
    optional: bool = False
    fields: tuple[Fact, ...] = ()


def one_line(text: str) -> str:
    """The text without control, direction and hidden characters, its line breaks turned into spaces."""
    return _LINE_BREAKS.sub(" ", _UNFIT.sub("", text)).strip()


def prose(text: str) -> str:
    """The text without control, direction and hidden characters; line breaks stay, as line feeds."""
    return _FOREIGN_BREAKS.sub(lambda found: " " if found[0] == "\t" else "\n", _UNFIT.sub("", text)).strip()


def without_optional(declared: Sequence[Fact], given: Mapping[str, object]) -> dict[str, object]:
    """Those facts that must be given, in tables too."""
    left: dict[str, object] = {}
    for fact in declared:
        value = given.get(fact.name)
        if fact.shape == "rows" and isinstance(value, list):
            left[fact.name] = [without_optional(fact.fields, row) for row in value]
        elif not fact.optional:
            left[fact.name] = value
    return left


def check_facts(
    declared: Sequence[Fact], given: Mapping[str, object], *, portal_url: str, path: str = "facts"
) -> dict[str, object]:
    """Every declared fact is there, clean and of its shape; an optional one that was not given is None.

    Raises:
        Invalid: a fact is missing, not declared, or not of its shape; names the fact, never its value.

    """
    names = {fact.name for fact in declared}
    for name in given:
        if name not in names:
            raise _fault(f"{path}.{one_line(name)[:60]}", "unknown_fact", "is not declared by the template")
    filled: dict[str, object] = {}
    for fact in declared:
        value = given.get(fact.name)
        where = f"{path}.{fact.name}"
        if value is not None:
            filled[fact.name] = _shaped(fact, value, where, portal_url)
        elif fact.optional:
            filled[fact.name] = None
        else:
            raise _fault(where, "missing_fact", "is missing")
    return filled


def _shaped(fact: Fact, value: object, where: str, portal_url: str) -> object:
    if fact.shape == "link":
        return _link(_text(value, where), where, portal_url)
    if fact.shape == "rows":
        return [_row(fact, item, where, portal_url) for item in _items(value, where)]
    return _READ[fact.shape](value, where)


def _number(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _fault(where, "wrong_shape", "must be a whole number")
    return value


def _texts(value: object, where: str) -> list[str]:
    return [one_line(_text(item, where)) for item in _items(value, where)]


def _pairs(value: object, where: str) -> list[tuple[str, str]]:
    return [_pair(item, where) for item in _items(value, where)]


def _text(value: object, where: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # a ticket's number is text to a reader
    if not isinstance(value, str):
        raise _fault(where, "wrong_shape", "must be text")
    if len(value) > TEXT_CHARS_MAX:
        raise _fault(where, "too_long", f"is longer than {TEXT_CHARS_MAX} characters")
    return value


def _day(value: object, where: str) -> str:
    text = one_line(_text(value, where))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _items(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise _fault(where, "wrong_shape", "must be a list")
    if len(value) > ROWS_MAX:
        raise _fault(where, "too_long", f"has more than {ROWS_MAX} entries")
    return value


def _pair(item: object, where: str) -> tuple[str, str]:
    pair = _items(item, where)
    if len(pair) != 2:
        raise _fault(where, "wrong_shape", "must be a list of [label, value]")
    return one_line(_text(pair[0], where)), one_line(_text(pair[1], where))


def _row(fact: Fact, item: object, where: str, portal_url: str) -> dict[str, object]:
    if not isinstance(item, Mapping):
        raise _fault(where, "wrong_shape", "must be a list of objects")
    return check_facts(fact.fields, item, portal_url=portal_url, path=where)


def _link(value: str, where: str, portal_url: str) -> str:
    """The whole address: a link leads to the portal and nowhere else, whatever the facts say."""
    if not re.fullmatch(r"[\x21-\x7e]+", value) or "\\" in value:
        raise _fault(where, "wrong_shape", "must be a web address in plain ASCII")
    if value.startswith("/") and not value.startswith("//"):
        return portal_url.rstrip("/") + value
    if urlsplit(value)[:2] != urlsplit(portal_url)[:2]:
        raise _fault(where, "foreign_link", "must lead to the portal")
    return value


def _fault(where: str, code: str, text: str) -> Invalid:
    return Invalid(f"{where} {text}", faults=(FieldFault(where, code, text),))


SHAPES = frozenset({"text", "prose", "number", "date", "texts", "pairs", "link"})
_READ: Mapping[str, Callable[[object, str], object]] = {
    "text": lambda value, where: one_line(_text(value, where)),
    "prose": lambda value, where: prose(_text(value, where)),
    "number": _number,
    "date": _day,
    "texts": _texts,
    "pairs": _pairs,
}
