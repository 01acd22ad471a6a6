"""What leaves: the store's outbox, and what a person decides about what did not leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from store.contract import as_moment
from store.overview import addressee
from workers.cli.acting import Why, one_by_one, reason, told
from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.options import POSITIVE, Most
from workers.cli.presenting import age, print_json, print_table, say

if TYPE_CHECKING:
    from store.contract import Store, Transaction
    from workers.cli.acting import Unit

    Decision = Callable[..., Awaitable[bool]]

app = App(name="outbox", help="List what leaves: e-mails, events, answers; release or discard what did not.")

Numbers = Annotated[int, Parameter(help="Numbers of the outbox.", validator=POSITIVE)]
Channel = Annotated[Literal["any", "mail", "event", "answer"], Parameter(help="Only on this channel.")]
Name = Annotated[str, Parameter(help="Only of this name, such as ticket.opened.")]
_ONLY_IN = Parameter(help="Only in this state.")

_FIELDS = "no channel name destination state attempts created_at due_at settled_at reply seq".split()


@app.command(name="list")
async def outbox_list(
    *,
    channel: Channel = "any",
    name: Name = "",
    state: Annotated[
        Literal["any", "due", "claimed", "handed_over", "sent", "refused", "unknown", "held", "discarded"], _ONLY_IN
    ] = "any",
    most: Most = 100,
    json: AsJson = False,
) -> None:
    """List what leaves, oldest first, with the last thing the other side said."""
    from store import outbox
    from workers.bootstrap import now

    async with standing_store(site_settings()) as store:
        newest = await store.read(
            lambda tx: outbox.listed(tx, channel=_one(channel), name=name, state=_one(state), most=most)
        )
    rows = list(reversed(newest))
    if json:
        print_json([{name: row[name] for name in _FIELDS} for row in rows])
        return
    print_table(
        "Outbox",
        ["no", "age", "channel", "name", "to", "state", "tries", "told"],
        [
            [row["no"], age(as_moment(row["created_at"]), now()), row["channel"], row["name"], addressee(row["destination"]),
             row["state"].replace("_", " "), row["attempts"], row["reply"] or ""]
            for row in rows
        ],
    )  # fmt: skip
    if any(row["state"] == "held" for row in rows):
        say("→ held: it may have arrived, and twice would harm; ask the recipient before it is sent again.")
    if any(row["state"] in ("held", "refused", "unknown") for row in rows):
        say("→ `pmp outbox release NO --why …` sends it again, `pmp outbox discard NO --why …` never")


@app.command
async def release(
    *numbers: Numbers,
    channel: Channel = "any",
    name: Name = "",
    state: Annotated[Literal["any", "refused", "unknown", "held"], _ONLY_IN] = "any",
    all_matching: Annotated[
        bool, Parameter(negative="", help="All that the filters match; what is held only with --state held.")
    ] = False,
    dry_run: DryRun = False,
    why: Why,
    json: AsJson = False,
) -> int:
    """Send again what is held, unknown or refused, with the same Message-ID. 1 when one is in no such state."""
    from store import withheld

    return await _decide(
        _Act("release", withheld.release, withheld.RELEASABLE, "released", "releasable", "Releasing"),
        _Chosen(numbers, all_matching, _one(channel), name, _one(state), withheld.RELEASABLE - {"held"}),
        why=why, dry_run=dry_run, json=json,
    )  # fmt: skip


@app.command
async def discard(
    *numbers: Numbers,
    channel: Channel = "any",
    name: Name = "",
    state: Annotated[Literal["any", "due", "refused", "unknown", "held"], _ONLY_IN] = "any",
    all_matching: Annotated[
        bool, Parameter(negative="", help="All that the filters match; what is due only with --state due.")
    ] = False,
    dry_run: DryRun = False,
    why: Why,
    json: AsJson = False,
) -> int:
    """Never send what waits, is held, unknown or refused; it is kept with your reason. 1 when one has left already."""
    from store import withheld

    return await _decide(
        _Act("discard", withheld.discard, withheld.DISCARDABLE, "discarded", "discardable", "Discarding"),
        _Chosen(numbers, all_matching, _one(channel), name, _one(state), withheld.DISCARDABLE - {"due"}),
        why=why, dry_run=dry_run, json=json,
    )  # fmt: skip


def _one(choice: str) -> str:
    """Give what was chosen as the store's filters have it, where '' is any."""
    return "" if choice == "any" else choice


@dataclass(frozen=True, slots=True)
class _Act:
    """What is done, to what it can be done, and how that is said."""

    name: str
    decision: Decision
    possible: frozenset[str]
    done_as: str
    missed_as: str
    doing: str


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the call names: numbers, or all that its filters match."""

    numbers: Sequence[int]
    all_matching: bool
    channel: str
    name: str
    state: str
    states: frozenset[str]
    """Those that are meant when none is named: without what the act should not meet by oversight."""

    async def found(self, store: Store) -> Sequence[int]:
        """Return the numbers, oldest first where the filters chose them."""
        from store import withheld

        if self.numbers:
            return self.numbers
        states = {self.state} if self.state else self.states
        return await store.read(lambda tx: withheld.matching(tx, states, channel=self.channel, name=self.name))

    def refuse_wrong_use(self) -> None:
        """The call makes sense.

        Raises:
            WrongUse: neither numbers nor all, both, or numbers with filters.
        """
        if bool(self.numbers) == self.all_matching:
            raise WrongUse("Give numbers (`pmp outbox list` shows them), or --all-matching; not both.")
        if self.numbers and (self.channel or self.name or self.state):
            raise WrongUse("Filters go with --all-matching, not with numbers.")


async def _decide(act: _Act, chosen: _Chosen, *, why: str, dry_run: bool, json: bool) -> int:
    chosen.refuse_wrong_use()
    settings, why = site_settings(), reason(why)
    from workers.bootstrap import now, operator_of

    async with standing_store(settings) as store:
        numbers = await chosen.found(store)

        def unit_of(no: int) -> Unit:
            return partial(act.decision, no=no, operator=operator_of(settings), why=why, now=now())

        acted = (
            await _in_state(store, numbers, act.possible)
            if dry_run
            else await one_by_one(store, numbers, unit_of, doing=act.doing, quiet=json)
        )
    code = told(
        act.name, numbers, acted, done_as=act.done_as, missed_as=act.missed_as, dry_run=dry_run, json=json
    )  # fmt: skip
    if code and not json:
        say(f"→ only what is {', '.join(sorted(act.possible))} can be; `pmp outbox list` shows where each stands")
    return code


async def _in_state(store: Store, numbers: Sequence[int], possible: frozenset[str]) -> list[int]:
    from store import withheld

    async def unit(tx: Transaction) -> list[int]:
        rows = [(no, await withheld.one(tx, no)) for no in numbers]
        return [no for no, row in rows if row is not None and row["state"] in possible]

    return await store.read(unit)
