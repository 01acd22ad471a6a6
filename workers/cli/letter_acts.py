"""What a person does about dead letters: replay or discard, by number or all that match, always with a reason that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from messages.errors import PmpError
from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.presenting import hint, print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.contract import Row, Store, Transaction
    from store.dead_letters import Filter
    from workers.settings import Settings

_PAGE = 200

Kind = Annotated[str, Parameter(help="Only of this kind.")]
Code = Annotated[str, Parameter(help="Only of this cause.")]
From = Annotated[str, Parameter(help="Only from this sender.")]
Numbers = Annotated[int, Parameter(help="Numbers of dead letters.")]
Why = Annotated[str, Parameter(help="The reason; it is kept.")]
AllMatching = Annotated[bool, Parameter(negative="", help="All open ones that the filters match.")]


async def replay(
    *numbers: Numbers,
    kind: Kind = "",
    code: Code = "",
    sender: From = "",
    all_matching: AllMatching = False,
    dry_run: DryRun = False,
    why: Why,
    json: AsJson = False,
) -> int:
    """Let dead letters have their turn again, from the store. 1 when one is not open any more."""
    which = _open(kind, code, sender)
    return await _act("replay", numbers, which, all_matching=all_matching, dry_run=dry_run, why=why, json=json)


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
    which = _open(kind, code, sender)
    return await _act("discard", numbers, which, all_matching=all_matching, dry_run=dry_run, why=why, json=json)


async def _act(
    act: Literal["replay", "discard"],
    numbers: Sequence[int],
    which: Filter,
    *,
    all_matching: bool,
    dry_run: bool,
    why: str,
    json: bool,
) -> int:
    if bool(numbers) == all_matching:
        raise WrongUse("Give numbers, or --all-matching; not both.")
    if numbers and (which.kind or which.code or which.sender):
        raise WrongUse("Filters go with --all-matching, not with numbers.")
    if not why.strip():
        raise WrongUse("--why takes the reason; it is kept.")
    settings = site_settings()
    async with standing_store(settings) as store:
        chosen = list(numbers) or [row["no"] for row in await matching(store, which)]
        acted = await _would(store, chosen) if dry_run else await _done(store, act, chosen, settings=settings, why=why)
    missed = [no for no in chosen if no not in acted]
    if json:
        print_json({"act": act, "dry_run": dry_run, "numbers": acted, "not_open": missed})
    else:
        told = {"replay": "to have their turn again", "discard": "discarded"}[act]
        say(f"{'Dry run: ' if dry_run else ''}{len(acted)} dead letters {told}.")
        if missed:
            say(f"Not open: {', '.join(map(str, missed))}.")
    return AT_FAULT if missed else GOOD


async def _would(store: Store, chosen: Sequence[int]) -> list[int]:
    from store import dead_letters

    async def unit(tx: Transaction) -> list[int]:
        rows = [(no, await dead_letters.one(tx, no)) for no in chosen]
        return [no for no, row in rows if row is not None and row["state"] == "open"]

    return await store.read(unit)


async def _done(
    store: Store, act: Literal["replay", "discard"], chosen: Sequence[int], *, settings: Settings, why: str
) -> list[int]:
    """Act on each in a transaction of its own: the writer is never held up, and a repetition goes on where this one ended."""
    from datetime import timedelta
    from functools import partial

    from store import dead_letters
    from workers.bootstrap import now

    acted = []
    for no in chosen:
        moment = now()
        unit = (
            partial(dead_letters.discard, no=no, operator=settings.operator, why=why, now=moment)
            if act == "discard"
            else partial(
                dead_letters.replay, no=no, operator=settings.operator, why=why, now=moment,
                gives_up_at=moment + timedelta(days=settings.programme.defer_days),
            )
        )  # fmt: skip
        try:
            if await store.write(unit):
                acted.append(no)
        except PmpError:
            hint(f"{len(acted)} of {len(chosen)} were done before this; repeat the command for the rest.")
            raise
    return acted


async def matching(store: Store, which: Filter) -> list[Row]:
    """Return every dead letter that the filter matches, oldest first, without bodies."""
    from store import dead_letters

    async def unit(tx: Transaction) -> list[Row]:
        found: list[Row] = []
        while page := await dead_letters.listed(tx, which, most=_PAGE, after=found[-1]["no"] if found else 0):
            found += page
        return found

    return await store.read(unit)


def _open(kind: str, code: str, sender: str) -> Filter:
    from store.dead_letters import Filter

    return Filter(kind=kind, code=code, sender=sender)
