"""The standard's table: every field of every version, loaded from ``fields.csv`` and written nowhere else."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

VERSIONS = ("4.2", "4.2A", "4.2B", "5.0")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one version: its type (AN, N, D, DT, TM), greatest length, closed list of codes if any."""

    name: str
    position: int
    title: str
    type: str
    max_length: int
    required: bool
    codes: frozenset[str]


@cache
def table(version: str) -> Mapping[str, tuple[Field, ...]]:
    """Give the fields of each segment of a version, in order; no segments for one not in VERSIONS."""
    return MappingProxyType(_load().get(version, {}))


@cache
def title(field_name: str) -> str:
    """Give the field's name in words, as 4.2B has it, else any version; '' when none has the field."""
    for version in ("4.2B", "5.0", "4.2A", "4.2"):
        for field in table(version).get(field_name[:-2], ()):
            if field.name == field_name:
                return field.title
    return ""


@cache
def _load() -> Mapping[str, Mapping[str, tuple[Field, ...]]]:
    tables: dict[str, dict[str, tuple[Field, ...]]] = {}
    text = resources.files("messages.asap").joinpath("fields.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        field = Field(
            name=row["field"],
            position=int(row["position"]),
            title=row["name"],
            type=row["type"],
            max_length=int(row["max_length"]),
            required=row["required"] == "R",
            codes=frozenset(row["codes"].split()),
        )
        segments = tables.setdefault(row["version"], {})
        segments[row["segment"]] = (*segments.get(row["segment"], ()), field)
    return MappingProxyType(tables)
