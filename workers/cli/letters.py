"""Dead letters for a person: find them by cause, look without seeing personal data, then replay or discard with a reason."""

from __future__ import annotations

import base64
import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from messages.errors import Permanent, PmpError
from workers.cli.app import AT_FAULT, GOOD, WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.presenting import age, hint, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from store.contract import Row, Store, Transaction
    from store.dead_letters import Filter
    from workers.settings import Settings

app = App(name="dead-letters", help="List, show, replay or discard what could not be processed.")

_PAGE = 200
_FIELDS = (
    "no seq kind sender message_id origin code field text attempts died_at state resolved_at resolved_by resolved_why"
).split()

Kind = Annotated[str, Parameter(help="Only of this kind.")]
Code = Annotated[str, Parameter(help="Only of this cause.")]
From = Annotated[str, Parameter(help="Only from this sender.")]
Numbers = Annotated[int, Parameter(help="Numbers of dead letters.")]
Why = Annotated[str, Parameter(help="The reason; it is kept.")]
AllMatching = Annotated[bool, Parameter(negative="", help="All open ones that the filters match.")]


@app.command(name="list")
async def list_(
    *,
    kind: Kind = "",
    code: Code = "",
    sender: From = "",
    state: Literal["open", "replayed", "discarded", "any"] = "open",
    json: AsJson = False,
) -> None:
    """List dead letters, oldest first; never a body."""
    from store.dead_letters import Filter
    from workers.bootstrap import now

    which = Filter(state="" if state == "any" else state, kind=kind, code=code, sender=sender)
    async with standing_store(site_settings()) as store:
        rows = await _matching(store, which)
    if json:
        print_json([{name: row[name] for name in _FIELDS} for row in rows])
        return
    print_table(
        f"Dead letters ({state})",
        ["no", "age", "kind", "sender", "message", "cause"],
        [
            [row["no"], age(_moment(row), now()), row["kind"], row["sender"], row["message_id"],
             f"{row['text']} ({row['code']}{', ' + row['field'] if row['field'] else ''})"]
            for row in rows
        ],
    )  # fmt: skip
    if rows:
        say("→ `pmp dead-letters show NO`, then `replay NO --why …` or `discard NO --why …`")


@app.command
async def show(
    no: Annotated[int, Parameter(help="The dead letter's number.")],
    /,
    *,
    reveal: Annotated[
        bool, Parameter(negative="", help="Show the whole body; needs --why and is written down.")
    ] = False,
    why: Why = "",
    json: AsJson = False,
) -> None:
    """Show one dead letter. Of its body only field names and the shapes of values, unless --reveal asks for the whole."""
    if reveal and not why.strip():
        raise WrongUse("--reveal shows personal data and needs a reason: --why …")
    settings = site_settings()
    async with standing_store(settings) as store:
        row = await _one(store, no, settings=settings, why=why if reveal else "")
    from workers.cli.shapes import shapes_of

    body = bytes(row["body"])
    if json:
        told: dict[str, object] = {name: row[name] for name in _FIELDS}
        told["faults"] = [
            dict(zip(("field", "code", "text"), one, strict=True)) for one in jsonlib.loads(row["faults"])
        ]
        told["body_shapes"] = dict(shapes_of(body))
        if reveal:
            told |= _whole(body)
        print_json(told)
        return
    for name in _FIELDS:
        if row[name] is not None:
            say(f"{name.replace('_', ' '):<14}{row[name]}")
    for field, code, text in jsonlib.loads(row["faults"]):
        say(f"  {field}: {text} ({code})")
    say("body:")
    if reveal:
        say(body.decode("utf-8", "replace"))
        return
    for field, shape in shapes_of(body):
        say(f"  {field:<30} {shape}")
    say("→ values are not shown; `--reveal --why …` shows the whole and writes down that you saw it.")


@app.command
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


@app.command
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
        chosen = list(numbers) or [row["no"] for row in await _matching(store, which)]
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


async def _matching(store: Store, which: Filter) -> list[Row]:
    from store import dead_letters

    async def unit(tx: Transaction) -> list[Row]:
        found: list[Row] = []
        while page := await dead_letters.listed(tx, which, most=_PAGE, after=found[-1]["no"] if found else 0):
            found += page
        return found

    return await store.read(unit)


async def _one(store: Store, no: int, *, settings: Settings, why: str) -> Row:
    """Return one dead letter; with a reason, that its body was seen is durable before it is."""
    from store import dead_letters
    from workers.bootstrap import now

    async def unit(tx: Transaction) -> Row | None:
        row = await dead_letters.one(tx, no)
        if row is not None and why:
            await dead_letters.record_act(
                tx, "dead letter revealed", f"dead letter {no}", operator=settings.operator, why=why, now=now()
            )
        return row

    row = await (store.write(unit) if why else store.read(unit))
    if row is None:
        raise Permanent(f"There is no dead letter {no}.")
    return row


def _open(kind: str, code: str, sender: str) -> Filter:
    from store.dead_letters import Filter

    return Filter(kind=kind, code=code, sender=sender)


def _moment(row: Row) -> datetime:
    from store.contract import as_moment

    return as_moment(row["died_at"])


def _whole(body: bytes) -> dict[str, object]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}
