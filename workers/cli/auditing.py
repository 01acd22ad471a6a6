"""The audit trail for those who must answer for it: verify it, look into it, keep its heads elsewhere (R60)."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from store.contract import as_text
from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.options import Most, moment_of
from workers.cli.presenting import hint, moment, print_json, print_table, say, say_folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.audit import Head, Verified
    from store.contract import Row, Transaction

app = App(name="audit", help="Verify the audit trail; show what was done to a record, or by whom.")


@app.command
async def verify(
    *,
    expect: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="A head kept elsewhere, CHAIN:PLACE:HASH; may be given more than once."),
    ] = (),
    json: AsJson = False,
) -> int:
    """Recompute every chain; 1 when a row was changed, removed or moved, and where."""
    settings = site_settings()
    key, heads = settings.audit_key_bytes(), [_head(one) for one in expect]
    if not key:
        hint("PMP_AUDIT_KEY is not set: who can write to the database could forge the trail whole.")

    async def unit(tx: Transaction) -> Verified:
        from store import audit

        pages = [found async for found in audit.verify(tx, key=key, expected=heads)]
        return pages[-1]

    async with standing_store(settings) as store:
        found = await store.read(unit)
    if json:
        print_json({"rows": found.rows, "breaks": found.breaks})
    elif found.breaks:
        print_table(
            f"{found.rows} rows; the trail does NOT fit", ["chain", "place", "what"],
            [(one.chain, one.place, one.what) for one in found.breaks],
        )  # fmt: skip
    else:
        say(f"{found.rows} rows: the trail fits.")
    return AT_FAULT if found.breaks else GOOD


@app.command
async def heads(*, json: AsJson = False) -> None:
    """Print the end of each chain, to be kept elsewhere: `verify --expect` finds a trail that was cut off at its end."""
    from store import audit

    async with standing_store(site_settings()) as store:
        found = await store.read(audit.heads)
    if json:
        print_json(found)
        return
    for one in found:
        say(f"{one.chain}:{one.place}:{one.hash}")


@app.command
async def show(
    *,
    record: Annotated[str, Parameter(help="The id of a registration, account, ticket, dispenser, patient …")] = "",
    actor: Annotated[str, Parameter(help="A broker user, operator:NAME, sweep:NAME, or a person's address.")] = "",
    since: Annotated[
        str,
        Parameter(
            help="From this day or moment on, e.g. 2026-11-24 or 2026-11-24T13:00Z; without a zone, the programme's."
        ),
    ] = "",
    most: Most = 100,
    json: AsJson = False,
) -> None:
    """Show what was done to a record, by an actor, or since a moment; fields by name, never by value."""
    from store import audit

    if not (record or actor or since):
        raise WrongUse("Say whose acts: --record, --actor or --since.")
    settings = site_settings()
    begins = as_text(moment_of(since, settings.programme.zone, option="--since")) if since else ""

    async def unit(tx: Transaction) -> Sequence[Row]:
        if record:
            return await audit.of_record(tx, record, actor=actor, since=begins, most=most)
        if actor:
            return await audit.of_actor(tx, actor, since=begins, most=most)
        return await audit.since(tx, begins, most=most)

    async with standing_store(settings) as store:
        acts = [_act(row) for row in await store.read(unit)]
    _with_before(acts)
    if json:
        print_json(acts)
        return
    if not acts:
        say("Acts: none")
    for act in acts:
        _say(act)
    if len(acts) == most:
        hint(f"At most the newest {most} are shown: --most N shows more.")


def _act(row: Row) -> dict[str, Any]:
    names = ("acted_at", "actor", "on_behalf", "act", "outcome", "message_id", "record", "chain", "place")
    changes = jsonlib.loads(row["changes"]) if row["changes"] else []
    told = [
        {"statement": statement, "fields": {name: {"after": after} for name, after in fields.items()}}
        for statement, fields in changes
    ]
    return {name: row[name] for name in names} | {"changes": told}


def _with_before(acts: Sequence[dict[str, Any]]) -> None:
    """Each field gets the hash that the record's earlier act of the same table left, where one is shown."""
    known: dict[tuple[str, str, str], str | None] = {}
    for act in acts:
        for change in act["changes"]:
            table = change["statement"].partition(".")[0]
            for name, hashes in change["fields"].items():
                place = (act["record"], table, name)
                hashes["before"] = known.get(place)
                known[place] = hashes["after"]


def _say(act: dict[str, Any]) -> None:
    """Say who did what and how it ended, and below it the fields that changed, by table."""
    whose = f"{act['actor']} for {act['on_behalf']}" if act["on_behalf"] else act["actor"]
    say_folded("  ".join(filter(None, (moment(act["acted_at"]), whose, act["act"], act["record"], act["outcome"]))))
    changed: dict[str, list[str]] = {}
    for change in act["changes"]:
        names = [name for name, hashes in change["fields"].items() if hashes["before"] != hashes["after"]]
        changed.setdefault(change["statement"].partition(".")[0], []).extend(names)
    tables = [f"{table}: {', '.join(dict.fromkeys(names))}" for table, names in changed.items() if names]
    if tables:
        say_folded("; ".join(tables), indent="    ")


def _head(text: str) -> Head:
    from store.audit import Head

    chain, _, rest = text.partition(":")
    place, _, value = rest.partition(":")
    if not (chain.isdecimal() and place.isdecimal() and value):
        raise WrongUse("--expect takes CHAIN:PLACE:HASH, as `pmp audit heads` prints it.")
    return Head(int(chain), int(place), value)
