"""The audit trail for those who must answer for it: verify it, look into it, keep its heads elsewhere (R60)."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.presenting import hint, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.audit import Head, Verified
    from store.contract import Row, Transaction

app = App(name="audit", help="Verify the audit trail; show what was done to a record, or by whom.")

_MOST = 1000


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
    since: Annotated[str, Parameter(help="From this UTC moment or day on, e.g. 2026-11-24 or 2026-11-24T08:00.")] = "",
    json: AsJson = False,
) -> None:
    """Show what was done to a record, by an actor, or since a moment; fields by name, never by value."""
    from store import audit

    if not (record or actor or since):
        raise WrongUse("Say whose acts: --record, --actor or --since.")

    async def unit(tx: Transaction) -> Sequence[Row]:
        if record:
            found = await audit.of_record(tx, record, most=_MOST)
            return [row for row in found if row["acted_at"] >= since and actor in ("", row["actor"], row["on_behalf"])]
        if actor:
            return await audit.of_actor(tx, actor, since=since, most=_MOST)
        return await audit.since(tx, since, most=_MOST)

    async with standing_store(site_settings()) as store:
        acts = [_act(row) for row in await store.read(unit)]
    _with_before(acts)
    if json:
        print_json(acts)
        return
    columns = ["at", "actor", "on behalf of", "act", "outcome", "record", "fields changed"]
    print_table("Acts", columns, [_line(act) for act in acts])
    if len(acts) == _MOST:
        hint(f"Only the first {_MOST} are shown.")


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


def _line(act: dict[str, Any]) -> tuple[str, ...]:
    changed = [
        f"{change['statement'].partition('.')[0]}.{name}"
        for change in act["changes"]
        for name, hashes in change["fields"].items()
        if hashes["before"] != hashes["after"]
    ]
    return (
        act["acted_at"][:19].replace("T", " "), act["actor"], act["on_behalf"], act["act"], act["outcome"], act["record"],
        ", ".join(changed),
    )  # fmt: skip


def _head(text: str) -> Head:
    from store.audit import Head

    chain, _, rest = text.partition(":")
    place, _, value = rest.partition(":")
    if not (chain.isdigit() and place.isdigit() and value):
        raise WrongUse("--expect takes CHAIN:PLACE:HASH, as `pmp audit heads` prints it.")
    return Head(int(chain), int(place), value)
