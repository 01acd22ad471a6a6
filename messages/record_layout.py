"""A record in JSON, laid onto the segments of the ASAP version that it is one to one with (R45).

So it is held to the very checks of a file, and what they find is told by the names of JSON. Which field is which is read from
the model (``messages.dispensation_details.Asap``) and written nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, get_args

from messages.asap.faults import Finding
from messages.asap.table import table
from messages.dispensation import Record
from messages.dispensation_details import Asap, Ingredient
from messages.message import Part

VERSION = "5.0"
_STATUSES: Final = {"new": "00", "revise": "01", "void": "02"}
_INGREDIENTS: Final = "ingredients"
_SEGMENTS_OF_THEIR_OWN = frozenset({"dispenser", "prescriber", _INGREDIENTS})
_BLANK: Mapping[str, Sequence[str]] = MappingProxyType(
    {name: (name, *[""] * len(table(VERSION)[name])) for name in table(VERSION)}
)
_ASAP_NAME = re.compile(r"\b(?:PHA|PAT|DSP|PRE|CDI|AIR)[0-9]{2}\b|\bCDI\b")


class _Leaf(NamedTuple):
    segment: str
    position: int
    written: Callable[[Any], str]


_Tree = Mapping[str, "_Leaf | _Tree"]


@dataclass(frozen=True, slots=True)
class Laid:
    """A record as a file's segments, split and padded: ``pat[7]`` is PAT07. ``air`` is None when the record has none."""

    pat: Sequence[str]
    dsp: Sequence[str]
    cdi: tuple[Sequence[str], ...]
    air: Sequence[str] | None


def laid(record: Record) -> Laid:
    """Give the record as segments, but for its dispenser and prescriber, who are the same in many (``laid_part``)."""
    into = {name: list(_BLANK[name]) for name in ("PAT", "DSP", "AIR")}
    _lay(_OF_ONE_RECORD, vars(record), into)
    return Laid(
        into["PAT"],
        into["DSP"],
        tuple(laid_part("CDI", vars(one), Ingredient) for one in record.ingredients or ()),
        None if record.additional is None else into["AIR"],
    )


def laid_part(segment: str, values: Mapping[str, object], model: type[Part]) -> Sequence[str]:
    """Give the values of a part that is a segment of its own: a dispenser, a prescriber, an ingredient."""
    into = {segment: list(_BLANK[segment])}
    _lay(_tree(model), values, into)
    return into[segment]


def in_json(finding: Finding) -> Finding:
    """Give the finding with the names of JSON for those of ASAP; an ingredient's with its place, from 0."""
    place = "N" if finding.ingredient is None else finding.ingredient

    def name(found: re.Match[str]) -> str:
        return NAMES[found[0]].format(place) if found[0] in NAMES else found[0]

    return finding._replace(field=_ASAP_NAME.sub(name, finding.field), text=_ASAP_NAME.sub(name, finding.text))


def _lay(tree: _Tree, values: Mapping[str, object], into: Mapping[str, list[str]]) -> None:
    for name, value in values.items():
        if value is None or (place := tree.get(name)) is None:
            continue
        if isinstance(place, _Leaf):
            into[place.segment][place.position] = place.written(value)
        else:
            _lay(place, vars(value), into)


@cache
def _tree(model: type[Part], names: str = "") -> _Tree:
    """Give the place of each field of a part; of one that stands in several places, by the names it has in this one."""
    those = iter(names.split())
    tree: dict[str, _Leaf | _Tree] = {}
    for name, field in model.model_fields.items():
        own = next((each.names for each in field.metadata if isinstance(each, Asap)), "")
        part = _part_in(field.annotation)
        tree[name] = _leaf(own or next(those)) if part is None else _tree(part, own)
    return MappingProxyType(tree)


def _leaf(name: str) -> _Leaf:
    segment, position = name[:-2], int(name[-2:])
    field = table(VERSION)[segment][position - 1]
    return _Leaf(segment, position, _STATUSES.__getitem__ if name == "DSP01" else _WRITTEN.get(field.type, str))


def _part_in(annotation: object) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((part for each in get_args(annotation) if (part := _part_in(each)) is not None), None)


def _names(tree: _Tree, path: str = "") -> Iterator[tuple[str, str]]:
    for name, place in tree.items():
        if isinstance(place, _Leaf):
            yield f"{place.segment}{place.position:02}", path + name
        else:
            yield from _names(place, f"{path}{name}.{{}}." if name == _INGREDIENTS else f"{path}{name}.")


def _as_day(value: date) -> str:
    return value.isoformat().replace("-", "")


def _as_time(value: str) -> str:
    return value.replace(":", "")


def _as_decimal(value: Decimal) -> str:
    return f"{value:f}"


_WRITTEN: Mapping[str, Callable[[Any], str]] = MappingProxyType({"DT": _as_day, "TM": _as_time, "D": _as_decimal})
_OF_ONE_RECORD: _Tree = MappingProxyType(
    {name: place for name, place in _tree(Record).items() if name not in _SEGMENTS_OF_THEIR_OWN}
)
NAMES: Mapping[str, str] = MappingProxyType({"CDI": _INGREDIENTS, **dict(_names(_tree(Record)))})
"""The name in JSON of each field of ASAP."""
