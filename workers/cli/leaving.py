"""What leaves: the store's outbox, and what a person decides about what did not leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from store.contract import as_moment
from store.overview import addressee
from workers.cli.acting import Act, Chosen, Why, decide, one_of
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.options import POSITIVE, Most
from workers.cli.presenting import age, print_json, print_table, say

if TYPE_CHECKING:
    from store.contract import Store

app = App(name="outbox", help="List what leaves: e-mails, events, answers; release or discard what did not.")

Numbers = Annotated[int, Parameter(help="Numbers of the outbox.", validator=POSITIVE)]
Channel = Annotated[Literal["any", "mail", "event", "answer"], Parameter(help="Only on this channel.")]
Name = Annotated[str, Parameter(help="Only of this name, such as ticket.opened.")]
_SHOWN_BY = "pmp outbox list"
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
            lambda tx: outbox.listed(tx, channel=one_of(channel), name=name, state=one_of(state), most=most)
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

    words = ("Releasing", "released", "releasable")
    act = Act("release", withheld.release, withheld.one, withheld.RELEASABLE, words, _SHOWN_BY)
    chosen = _chosen(numbers, all_matching, channel, name, state, unnamed=withheld.RELEASABLE - {"held"})
    return (await decide(act, chosen, why=why, dry_run=dry_run, json=json))[0]


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

    words = ("Discarding", "discarded", "discardable")
    act = Act("discard", withheld.discard, withheld.one, withheld.DISCARDABLE, words, _SHOWN_BY)
    chosen = _chosen(numbers, all_matching, channel, name, state, unnamed=withheld.DISCARDABLE - {"due"})
    return (await decide(act, chosen, why=why, dry_run=dry_run, json=json))[0]


def _chosen(
    numbers: Sequence[int], all_matching: bool, channel: str, name: str, state: str, *, unnamed: frozenset[str]
) -> Chosen:
    """Return what is acted on; ``unnamed`` are the states meant when none is named, without what is easily overlooked."""
    filters = (one_of(channel), name, one_of(state))

    async def matching(store: Store) -> Sequence[int]:
        from store import withheld

        states = {filters[2]} if filters[2] else unnamed
        return await store.read(lambda tx: withheld.matching(tx, states, channel=filters[0], name=name))

    return Chosen(numbers, all_matching, filters, matching)
