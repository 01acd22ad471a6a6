"""What a person does about dead letters: replay or discard, by number or all that match, always with a reason that is kept."""

from __future__ import annotations

import shlex
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from workers.cli.acting import Why, one_by_one, reason, told
from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.options import POSITIVE
from workers.cli.presenting import pointer, say, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.contract import Row, Store, Transaction
    from store.dead_letters import Filter
    from workers.cli.acting import Unit

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
    which, why = _which(kind, code, sender, numbers=numbers, all_matching=all_matching), reason(why)
    settings = site_settings()
    from store import dead_letters
    from workers.bootstrap import now, operator_of

    async with standing_store(settings) as store:
        chosen = list(numbers) or [row["no"] for row in await matching(store, which)]
        begins = now()
        due = {no: begins + timedelta(seconds=place / per_second) for place, no in enumerate(chosen)}
        patience = timedelta(days=settings.programme.defer_days)

        def unit_of(no: int) -> Unit:
            return partial(
                dead_letters.replay, no=no, operator=operator_of(settings), why=why, now=now(),
                due_at=due[no], gives_up_at=due[no] + patience,
            )  # fmt: skip

        acted = (
            await _open_of(store, chosen)
            if dry_run
            else await one_by_one(store, chosen, unit_of, doing="Replaying", quiet=json)
        )
        followed = "" if dry_run or not acted else await _message_id(store, acted[0])
    code_of_exit = told(
        "replay", chosen, acted, done_as="replayed", missed_as="open",
        dry_run=dry_run, json=json,
    )  # fmt: skip
    lasts = timedelta(seconds=len(acted) / per_second)
    if not json and lasts > timedelta(seconds=2):
        say(f"At {per_second:g} a second (--per-second) the last one has its turn in {span(lasts)}.")
    if followed:
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
    which, why = _which(kind, code, sender, numbers=numbers, all_matching=all_matching), reason(why)
    settings = site_settings()
    from store import dead_letters
    from workers.bootstrap import now, operator_of

    async with standing_store(settings) as store:
        chosen = list(numbers) or [row["no"] for row in await matching(store, which)]

        def unit_of(no: int) -> Unit:
            return partial(dead_letters.discard, no=no, operator=operator_of(settings), why=why, now=now())

        acted = (
            await _open_of(store, chosen)
            if dry_run
            else await one_by_one(store, chosen, unit_of, doing="Discarding", quiet=json)
        )
    return told("discard", chosen, acted, done_as="discarded", missed_as="open", dry_run=dry_run, json=json)


async def _message_id(store: Store, no: int) -> str:
    from store import dead_letters

    row = await store.read(lambda tx: dead_letters.one(tx, no))
    return "" if row is None else str(row["message_id"])


async def _open_of(store: Store, chosen: Sequence[int]) -> list[int]:
    from store import dead_letters

    async def unit(tx: Transaction) -> list[int]:
        rows = [(no, await dead_letters.one(tx, no)) for no in chosen]
        return [no for no, row in rows if row is not None and row["state"] == "open"]

    return await store.read(unit)


async def matching(store: Store, which: Filter) -> list[Row]:
    """Return every dead letter that the filter matches, oldest first, without bodies."""
    from store import dead_letters

    async def unit(tx: Transaction) -> list[Row]:
        found: list[Row] = []
        while page := await dead_letters.listed(tx, which, most=_PAGE, after=found[-1]["no"] if found else 0):
            found += page
        return found

    return await store.read(unit)


def _which(kind: str, code: str, sender: str, *, numbers: Sequence[int], all_matching: bool) -> Filter:
    """Return what the filters say.

    Raises:
        WrongUse: neither numbers nor all, both, or numbers with filters.
    """
    from store.dead_letters import Filter

    if bool(numbers) == all_matching:
        raise WrongUse("Give numbers, or --all-matching; not both.")
    if numbers and (kind or code or sender):
        raise WrongUse("Filters go with --all-matching, not with numbers.")
    return Filter(kind=kind, code=code, sender=sender)
