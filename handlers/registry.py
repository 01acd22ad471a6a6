"""Each kind finds its handler by name; the process refuses to start when one is missing.

For the kind ``registration.submitted`` the module ``handlers.registration`` holds one of

* ``async def submitted(work) -> Outcome``, or
* ``async def submitted_all(works) -> list[Outcome]`` where many at once are much cheaper,

and may hold, for slow work that must not keep the store waiting (opening a sealed box, hashing, reading a file),

* ``def prepare_submitted(message, setting) -> prepared | Refuse``, run in a thread before the transaction begins, and
* ``async def look_submitted(tx, message) -> seen``, a read of the store before that; what it saw is in ``setting.seen``, and the
  handler raises ``Conflict`` when it is no longer so.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from handlers.outcomes import Done, Outcome, Refuse
from handlers.work import Programme, Work
from messages.envelope import Envelope
from messages.errors import Misconfigured
from messages.registry import kinds
from store.contract import Transaction

AnyWork = Work[Any, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a prepare function knows besides its message."""

    envelope: Envelope
    programme: Programme
    now: datetime
    handed_in_at: datetime
    seen: Any


Prepare = Callable[[Any, Setting], object]
Look = Callable[[Transaction, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Handler:
    """What is done about one kind."""

    kind: str
    handle_all: Callable[[Sequence[AnyWork]], Awaitable[list[Outcome]]]
    prepare: Prepare | None
    look: Look | None
    is_bulk: bool = False
    """It handles many at once: what it writes cannot be told apart by message."""


@cache
def handlers() -> Mapping[str, Handler]:
    """Pair every kind with its handler.

    Raises:
        Misconfigured: a kind has none, or a prepare function has no kind.
    """
    found = {kind: _handler(kind, model.family) for kind, model in kinds().items()}
    return MappingProxyType(found)


def _handler(kind: str, family: str) -> Handler:
    name = kind.removeprefix(f"{family}.").replace(".", "_")
    try:
        module = importlib.import_module(f"handlers.{family}")
    except ModuleNotFoundError as error:
        raise Misconfigured(f"The family {family} has no module handlers/{family}.py.") from error
    prepare, look = getattr(module, f"prepare_{name}", None), getattr(module, f"look_{name}", None)
    every = getattr(module, f"{name}_all", None)
    if every is not None:
        return Handler(kind, every, prepare, look, is_bulk=True)
    one = getattr(module, name, None)
    if one is None:
        raise Misconfigured(f"The kind {kind} has no function {name} in handlers/{family}.py.")
    return Handler(kind, _each(one), prepare, look)


def _each(
    one: Callable[[AnyWork], Awaitable[Outcome]],
) -> Callable[[Sequence[AnyWork]], Awaitable[list[Outcome]]]:
    async def handle_all(works: Sequence[AnyWork]) -> list[Outcome]:
        outcomes = []
        for work in works:
            before = work.tx.writes
            outcome = await one(work)
            has_effect = isinstance(outcome, Done) or (isinstance(outcome, Refuse) and outcome.is_kept)
            if not has_effect and (work.tx.writes != before or work.leaving.staged):
                raise RuntimeError(f"{work.envelope.kind} wrote something and then did not go through with it.")
            outcomes.append(outcome)
        return outcomes

    return handle_all
