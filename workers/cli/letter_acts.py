"""What a person does about dead letters: replay or discard, by number or all that match, always with a reason that is kept."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from workers.cli.acting import Act, Chosen, Why, decide
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.options import POSITIVE
from workers.cli.presenting import pointer, say, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.contract import Row, Store, Transaction
    from store.dead_letters import Filter
    from workers.settings import Settings

_PAGE = 200
_PER_SECOND = 20.0
"""A tenth of what one process settles from the store: what arrives new meanwhile is not held up."""

Kind = Annotated[str, Parameter(help="Only of this kind.")]
Code = Annotated[str, Parameter(help="Only of this cause.")]
From = Annotated[str, Parameter(help="Only from this sender.")]
Numbers = Annotated[int, Parameter(help="Numbers of dead letters.", validator=POSITIVE)]
AllMatching = Annotated[bool, Parameter(negative="", help="All open ones that the filters match.")]
PerSecond = Annotated[
    float,
    Parameter(help="At most so many have their turn in a second.", validator=validators.Number(gt=0, lte=1000)),
]


async def replay(
    *numbers: Numbers,
    kind: Kind = "",
    code: Code = "",
    sender: From = "",
    all_matching: AllMatching = False,
    per_second: PerSecond = _PER_SECOND,
    dry_run: DryRun = False,
    why: Why,
    json: AsJson = False,
) -> int:
    """Let dead letters have their turn again, from the store. 1 when one is not open any more."""
    settings = site_settings()
    from store import dead_letters
    from workers.bootstrap import now

    begins, places = now(), count()
    patience = timedelta(days=settings.programme.defer_days)

    def turn() -> dict[str, datetime]:
        due = begins + timedelta(seconds=next(places) / per_second)
        return {"due_at": due, "gives_up_at": due + patience}

    act = _act("replay", dead_letters.replay, ("Replaying", "replayed", "open"))
    chosen = _chosen(numbers, all_matching, kind, code, sender)
    code_of_exit, acted = await decide(act, chosen, why=why, dry_run=dry_run, json=json, more_of=turn)
    lasts = timedelta(seconds=len(acted) / per_second)
    if not json and lasts > timedelta(seconds=2):
        say(f"At {per_second:g} a second (--per-second) the last one has its turn in {span(lasts)}.")
    if acted and not dry_run:
        followed = await _message_id(settings, acted[0])
        whose = "it" if len(acted) == 1 else "the first; `pmp status` counts those that wait"
        pointer(f"`pmp trace {shlex.quote(followed)}` tells what becomes of {whose}")
    return code_of_exit


async def discard(
    *numbers: Numbers,
    kind: Kind = "",
    code: Code = "",
    sender: From = "",
    all_matching: AllMatching = False,
    dry_run: DryRun = False,
    why: Why,
    json: AsJson = False,
) -> int:
    """Close dead letters for good; they are kept with your reason. 1 when one is not open any more."""
    from store import dead_letters

    act = _act("discard", dead_letters.discard, ("Discarding", "discarded", "open"))
    chosen = _chosen(numbers, all_matching, kind, code, sender)
    return (await decide(act, chosen, why=why, dry_run=dry_run, json=json))[0]


def _act(name: str, decision: Callable[..., Awaitable[bool]], words: tuple[str, str, str]) -> Act:
    from store import dead_letters

    return Act(name, decision, dead_letters.one, ("open",), words, "pmp dead-letters list")


def _chosen(numbers: Sequence[int], all_matching: bool, kind: str, code: str, sender: str) -> Chosen:
    async def numbers_of_matching(store: Store) -> Sequence[int]:
        from store.dead_letters import Filter

        return [row["no"] for row in await matching(store, Filter(kind=kind, code=code, sender=sender))]

    return Chosen(numbers, all_matching, (kind, code, sender), numbers_of_matching)


async def _message_id(settings: Settings, no: int) -> str:
    from store import dead_letters

    async with standing_store(settings) as store:
        row = await store.read(lambda tx: dead_letters.one(tx, no))
    return "" if row is None else str(row["message_id"])


async def matching(store: Store, which: Filter) -> list[Row]:
    """Return every dead letter that the filter matches, oldest first, without bodies."""
    from store import dead_letters

    async def unit(tx: Transaction) -> list[Row]:
        found: list[Row] = []
        while page := await dead_letters.listed(tx, which, most=_PAGE, after=found[-1]["no"] if found else 0):
            found += page
        return found

    return await store.read(unit)
