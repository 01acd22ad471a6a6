"""Every kind that is spoken, found in the family modules: adding a kind edits no list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import messages
from messages.message import Message


@cache
def kinds() -> Mapping[str, type[Message]]:
    """Map each kind to its model."""
    found: dict[str, type[Message]] = {}
    for module in pkgutil.iter_modules(messages.__path__, "messages."):
        if module.ispkg:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if (
                isinstance(value, type)
                and issubclass(value, Message)
                and value.__module__ == module.name
                and value.kind
            ):
                found[value.kind] = value
    return MappingProxyType(dict(sorted(found.items())))


def families() -> tuple[str, ...]:
    """Name the families that have at least one kind."""
    return tuple(sorted({model.family for model in kinds().values()}))
