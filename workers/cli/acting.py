"""Acts of an operator on many things: each in a transaction of its own, so that the writer is never held up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from messages.errors import PmpError
from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.opened import site_settings, standing_store
from workers.cli.presenting import hint, print_json, say
from workers.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.contract import Row, Store, Transaction

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


@dataclass(frozen=True, slots=True)
class Act:
    """What is done to one thing of the store, to which it can be done, and how that is said.

    Args:
        name: in JSON.
        decision: of the store; takes ``no``, ``operator``, ``why`` and ``now``, and tells whether it could be done.
        one: looks one thing up.
        possible: the states in which it can be done.
        words: what goes on (``Replaying``), what has been done (``replayed``), what the rest is not (``open`` for ``not_open``).
        shown_by: the command that shows where each stands.
    """

    name: str
    decision: Callable[..., Awaitable[bool]]
    one: Callable[[Transaction, int], Awaitable[Row | None]]
    possible: Collection[str]
    words: tuple[str, str, str]
    shown_by: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the call names: numbers, or all that its filters match.

    Args:
        numbers: those that were named.
        all_matching: whether all that match are meant.
        filters: as they were given, each '' where it was not.
        matching: finds those that match, oldest first.
    """

    numbers: Sequence[int]
    all_matching: bool
    filters: Sequence[str]
    matching: Callable[[Store], Awaitable[Sequence[int]]]

    async def found(self, store: Store) -> Sequence[int]:
        """Return the numbers, oldest first where the filters chose them."""
        return self.numbers or await self.matching(store)

    def refuse_wrong_use(self, shown_by: str) -> None:
        """The call makes sense.

        Raises:
            WrongUse: neither numbers nor all, both, or numbers with filters.
        """
        if bool(self.numbers) == self.all_matching:
            raise WrongUse(f"Give numbers (`{shown_by}` shows them), or --all-matching; not both.")
        if self.numbers and any(self.filters):
            raise WrongUse("Filters go with --all-matching, not with numbers.")


def one_of(choice: str) -> str:
    """Give what was chosen as the store's filters have it, where '' is any."""
    return "" if choice == "any" else choice


async def decide(
    act: Act, chosen: Chosen, *, why: str, dry_run: bool, json: bool, more_of: Callable[[], Mapping[str, object]] = dict
) -> tuple[int, Sequence[int]]:
    """Act on what was chosen, or only look with ``dry_run``. Return the exit code and what was acted on.

    Args:
        act: what is done.
        chosen: to what.
        why: the reason, which is kept.
        dry_run: only say what would be done.
        json: tell it as JSON.
        more_of: what the decision takes besides; asked once for each, in their order.

    Raises:
        WrongUse: the call makes no sense, or gives no reason.
    """
    chosen.refuse_wrong_use(act.shown_by)
    settings, why = site_settings(), reason(why)
    from workers.bootstrap import now, operator_of

    async with standing_store(settings) as store:
        numbers = await chosen.found(store)

        def unit_of(no: int) -> Unit:
            return partial(act.decision, no=no, operator=operator_of(settings), why=why, now=now(), **more_of())

        acted = (
            await _in_state(store, act, numbers) if dry_run else await _one_by_one(store, act, numbers, unit_of, json)
        )
    return _told(act, numbers, acted, dry_run=dry_run, json=json), acted


async def _in_state(store: Store, act: Act, numbers: Sequence[int]) -> list[int]:
    async def unit(tx: Transaction) -> list[int]:
        rows = [(no, await act.one(tx, no)) for no in numbers]
        return [no for no, row in rows if row is not None and row["state"] in act.possible]

    return await store.read(unit)


async def _one_by_one(
    store: Store, act: Act, numbers: Sequence[int], unit_of: Callable[[int], Unit], json: bool
) -> list[int]:
    """Act on each and return the numbers that could be acted on; a repetition goes on where this one ended."""
    acted = []
    with progress_bar(act.words[0], len(numbers), quiet=json) as bar:
        for no in numbers:
            try:
                if await store.write(unit_of(no)):
                    acted.append(no)
            except PmpError:
                hint(f"{len(acted)} of {len(numbers)} were done before this; repeat the command for the rest.")
                raise
            bar.advance()
    return acted


def _told(act: Act, numbers: Sequence[int], acted: Sequence[int], *, dry_run: bool, json: bool) -> int:
    """What was done is on standard output. Return 1 when something could not be acted on."""
    done, (_, done_as, missed_as) = set(acted), act.words
    missed = [no for no in numbers if no not in done]
    if json:
        print_json({"act": act.name, "dry_run": dry_run, "numbers": acted, f"not_{missed_as}": missed})
        return AT_FAULT if missed else GOOD
    say(f"Would be {done_as}: {len(acted)}." if dry_run else f"{done_as.capitalize()}: {len(acted)}.")
    if missed:
        say(f"Not {missed_as.replace('_', ' ')}: {', '.join(map(str, missed))}.")
        say(f"→ only what is {', '.join(sorted(act.possible))} can be; `{act.shown_by}` shows where each stands")
    return AT_FAULT if missed else GOOD
