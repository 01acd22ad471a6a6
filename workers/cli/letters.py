"""Dead letters for a person: find them by cause, look without seeing personal data, then replay or discard with a reason."""

from __future__ import annotations

import base64
import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from messages.errors import Permanent
from workers.cli.acting import Why
from workers.cli.app import WrongUse
from workers.cli.letter_acts import Code, From, Kind, matching
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.options import POSITIVE
from workers.cli.presenting import age, moment, print_json, print_table, say

if TYPE_CHECKING:
    from datetime import datetime

    from store.contract import Row, Store, Transaction
    from workers.settings import Settings

app = App(name="dead-letters", help="List, show, replay or discard what could not be processed.")
app.command("workers.cli.letter_acts:replay", name="replay", help="Let dead letters have their turn again.")
app.command("workers.cli.letter_acts:discard", name="discard", help="Close dead letters for good, with your reason.")

_FIELDS = (
    "no seq kind sender message_id origin code field text attempts died_at state resolved_at resolved_by resolved_why"
).split()


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
        rows = await matching(store, which)
    if json:
        print_json([{name: row[name] for name in _FIELDS} for row in rows])
        return
    is_mixed = state == "any"
    print_table(
        f"Dead letters ({state})",
        ["no", "age", *(["state"] if is_mixed else []), "kind", "sender", "message", "cause"],
        [
            [row["no"], age(_moment(row), now()), *([row["state"]] if is_mixed else []), row["kind"], row["sender"],
             row["message_id"], f"{row['text']} ({row['code']}{', ' + row['field'] if row['field'] else ''})"]
            for row in rows
        ],
    )  # fmt: skip
    if rows:
        say("→ `pmp dead-letters show NO`, then `replay NO --why …` or `discard NO --why …`")


@app.command
async def show(
    no: Annotated[int, Parameter(help="The dead letter's number.", validator=POSITIVE)],
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
            say(f"{name.replace('_', ' '):<14}{moment(row[name]) if name.endswith('_at') else row[name]}")
    for field, code, text in jsonlib.loads(row["faults"]):
        say(f"  {field}: {text} ({code})")
    say("body:")
    if reveal:
        say(body.decode("utf-8", "replace"))
        return
    for field, shape in shapes_of(body):
        say(f"  {field:<30} {shape}")
    say("→ values are not shown; `--reveal --why …` shows the whole and writes down that you saw it.")


async def _one(store: Store, no: int, *, settings: Settings, why: str) -> Row:
    """Return one dead letter; with a reason, that its body was seen is durable before it is."""
    from store import dead_letters
    from workers.bootstrap import now, operator_of

    async def unit(tx: Transaction) -> Row | None:
        row = await dead_letters.one(tx, no)
        if row is not None and why:
            await dead_letters.record_act(
                tx, "dead letter revealed", f"dead letter {no}", operator=operator_of(settings), why=why, now=now()
            )
        return row

    row = await (store.write(unit) if why else store.read(unit))
    if row is None:
        raise Permanent(f"There is no dead letter {no}.")
    return row


def _moment(row: Row) -> datetime:
    from store.contract import as_moment

    return as_moment(row["died_at"])


def _whole(body: bytes) -> dict[str, object]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}
