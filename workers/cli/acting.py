"""Acts of an operator on many things: each in a transaction of its own, so that the writer is never held up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from messages.errors import PmpError
from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.presenting import hint, print_json, say
from workers.cli.progress import progress_bar

if TYPE_CHECKING:
    from store.contract import Store, Transaction

    Unit = Callable[[Transaction], Awaitable[bool]]

Why = Annotated[str, Parameter(help="The reason; it is kept.")]


def reason(why: str) -> str:
    """Return the reason.

    Raises:
        WrongUse: it says nothing.
    """
    if not why.strip():
        raise WrongUse("--why takes the reason; it is kept.")
    return why


async def one_by_one(
    store: Store, chosen: Sequence[int], unit_of: Callable[[int], Unit], *, doing: str, quiet: bool
) -> list[int]:
    """Act on each and return the numbers that could be acted on; a repetition goes on where this one ended."""
    acted = []
    with progress_bar(doing, len(chosen), quiet=quiet) as bar:
        for no in chosen:
            try:
                if await store.write(unit_of(no)):
                    acted.append(no)
            except PmpError:
                hint(f"{len(acted)} of {len(chosen)} were done before this; repeat the command for the rest.")
                raise
            bar.advance()
    return acted


def told(
    act: str, chosen: Sequence[int], acted: Sequence[int], *, done_as: str, missed_as: str, dry_run: bool, json: bool
) -> int:
    """What was done is on standard output. Return 1 when something could not be acted on.

    Args:
        act: its name in JSON.
        chosen: what was asked for.
        acted: what was done.
        done_as: what becomes of them, ``replayed``.
        missed_as: what the rest is not, ``open`` for ``not_open``.
        dry_run: nothing was done, only looked at.
        json: as JSON.
    """
    done = set(acted)
    missed = [no for no in chosen if no not in done]
    if json:
        print_json({"act": act, "dry_run": dry_run, "numbers": acted, f"not_{missed_as}": missed})
    else:
        say(f"Would be {done_as}: {len(acted)}." if dry_run else f"{done_as.capitalize()}: {len(acted)}.")
        if missed:
            say(f"Not {missed_as.replace('_', ' ')}: {', '.join(map(str, missed))}.")
    return AT_FAULT if missed else GOOD
