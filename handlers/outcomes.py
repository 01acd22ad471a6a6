"""What a handler says became of its message: a value, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from messages.errors import FieldFault


@dataclass(frozen=True, slots=True)
class Done:
    """The message had its effect; ``result`` is told to a sender who asked.

    ``brings``: what other messages may wait for and is there now; they have their turns at once. Two outcomes of which the
    sender is told the same are the same.
    """

    result: Mapping[str, JsonValue] | None = None
    brings: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Refuse:
    """A rule says no: the sender is told what and why; nothing is dead.

    Nothing was written either, unless ``is_kept``: some refusals are themselves an effect (a failed login is counted, R37; a
    query that may not be is recorded, R24). ``result`` tells more, where a program would want it.
    """

    code: str
    text: str
    field: str | None = None
    faults: tuple[FieldFault, ...] = ()
    is_kept: bool = False
    result: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Defer:
    """What the message builds on has not arrived: it waits in the store, and dies with this reason if it never comes.

    ``waits_for`` names it where it is something else than the message's own ``prerequisite``; those who wait for that have no
    order among themselves.
    """

    code: str
    text: str
    waits_for: str | None = None


Outcome = Done | Refuse | Defer
DONE = Done()
