"""A body without its values: field names and shapes, enough to see what is wrong and too little to know whom it is about."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from messages.asap.faults import shape

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_FIELDS_MAX = 200


def shapes_of(body: bytes) -> list[tuple[str, str]]:
    """Return (field, shape) of a JSON body, (segment, number) of an ASAP file; of anything else its size."""
    if body.startswith(b"TH"):
        return _segments(body)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return [("body", f"{len(body)} bytes, not JSON")]
    found: list[tuple[str, str]] = []
    for pair in _shapes(document, ""):
        if len(found) == _FIELDS_MAX:
            return [*found, ("…", "more fields, not shown")]
        found.append(pair)
    return found


def _shapes(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict() if value:
            for name, inner in value.items():
                # A name that no model has could be anything, a person's too.
                named = name if _NAME.fullmatch(name) else "(unnamed)"
                yield from _shapes(inner, f"{path}.{named}" if path else named)
        case list() if value:
            for place, inner in enumerate(value):
                yield from _shapes(inner, f"{path}.{place}" if path else str(place))
        case dict() | list():
            yield path or "body", "empty"
        case None:
            yield path or "body", "null"
        case bool():
            yield path or "body", "true or false"
        case str():
            yield path or "body", shape(value)
        case _:
            yield path or "body", f"number {shape(str(value))}"


def _segments(body: bytes) -> list[tuple[str, str]]:
    """Count an ASAP file's segments: the sign behind TH parts the fields, TH09 ends each segment."""
    text = body.decode("latin-1")
    separator = text[2:3]
    header = text.split(separator, 9) if separator else []
    terminator = header[9][:1] if len(header) == 10 else ""
    if not terminator:
        return [("body", f"{len(body)} bytes, an ASAP file whose segments cannot be told apart")]
    names = [segment.strip().split(separator, 1)[0] for segment in text.split(terminator)]
    counted = Counter(name if _SEGMENT.fullmatch(name) else "(unnamed)" for name in names if name)
    return [(name, f"{number} segment{'s' if number > 1 else ''}") for name, number in counted.items()]
