"""What leaves: the store's outbox, and what a person decides about what did not leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from store.contract import as_moment
from store.overview import addressee
from workers.cli.acting import Why, one_by_one, reason, told
from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.presenting import age, print_json, print_table, say

if TYPE_CHECKING:
    from store.contract import Store, Transaction
    from workers.cli.acting import Unit

    Act = Callable[..., Awaitable[bool]]

app = App(name="outbox", help="List what leaves: e-mails, events, answers; release or discard what did not.")

Numbers = Annotated[int, Parameter(help="Numbers of the outbox.")]

_FIELDS = "no channel name destination state attempts created_at due_at settled_at reply seq".split()


@app.command(name="list")
async def outbox_list(
    *,
    channel: Literal["", "mail", "event", "answer"] = "",
    state: Literal["", "due", "claimed", "handed_over", "sent", "refused", "unknown", "held", "discarded"] = "",
    most: Annotated[int, Parameter(help="At most so many, the newest.")] = 100,
    json: AsJson = False,
) -> None:
    """List what leaves, oldest first, with the last thing the other side said."""
    from store import outbox
    from workers.bootstrap import now

    async with standing_store(site_settings()) as store:
        newest = await store.read(lambda tx: outbox.listed(tx, channel=channel, state=state, most=most))
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
async def release(*numbers: Numbers, dry_run: DryRun = False, why: Why, json: AsJson = False) -> int:
    """Send again what is held, unknown or refused, with the same Message-ID. 1 when one is in no such state."""
    from store import withheld

    return await _decide(
        "release", numbers, withheld.release, withheld.RELEASABLE, why=why, dry_run=dry_run, json=json,
        done_as="released", missed_as="releasable", doing="Releasing",
    )  # fmt: skip


@app.command
async def discard(*numbers: Numbers, dry_run: DryRun = False, why: Why, json: AsJson = False) -> int:
    """Never send what waits, is held, unknown or refused; it is kept with your reason. 1 when one has left already."""
    from store import withheld

    return await _decide(
        "discard", numbers, withheld.discard, withheld.DISCARDABLE, why=why, dry_run=dry_run, json=json,
        done_as="discarded", missed_as="discardable", doing="Discarding",
    )  # fmt: skip


async def _decide(
    act: str,
    numbers: Sequence[int],
    decision: Act,
    possible: frozenset[str],
    *,
    why: str,
    dry_run: bool,
    json: bool,
    done_as: str,
    missed_as: str,
    doing: str,
) -> int:
    if not numbers:
        raise WrongUse("Name at least one number: `pmp outbox list` shows them.")
    settings, why = site_settings(), reason(why)
    from workers.bootstrap import now, operator_of

    async with standing_store(settings) as store:

        def unit_of(no: int) -> Unit:
            return partial(decision, no=no, operator=operator_of(settings), why=why, now=now())

        acted = (
            await _in_state(store, numbers, possible)
            if dry_run
            else await one_by_one(store, numbers, unit_of, doing=doing, quiet=json)
        )
    code = told(act, numbers, acted, done_as=done_as, missed_as=missed_as, dry_run=dry_run, json=json)
    if code and not json:
        say(f"→ only what is {', '.join(sorted(possible))} can be; `pmp outbox list` shows where each stands")
    return code


async def _in_state(store: Store, numbers: Sequence[int], possible: frozenset[str]) -> list[int]:
    from store import withheld

    async def unit(tx: Transaction) -> list[int]:
        rows = [(no, await withheld.one(tx, no)) for no in numbers]
        return [no for no, row in rows if row is not None and row["state"] in possible]

    return await store.read(unit)
