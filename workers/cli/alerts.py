"""Alerts that users posted about patients (R28): administrators list them, and read one with a reason that is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from messages.errors import Permanent
from workers.cli.acting import Why, reason
from workers.cli.app import EVERYTHING
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.options import Most
from workers.cli.presenting import moment, print_json, print_table, say

if TYPE_CHECKING:
    from store.contract import Row, Transaction

app = App(name="alerts", help="List alerts that users posted about patients, and read one.")

State = Literal["posted", "withdrawn", "any"]
_LISTED = "no alert_id author_id concern state posted_at withdrawn_at withdrawn_by".split()


@app.command(name="list")
async def list_(
    *,
    state: Annotated[State, Parameter(help="Only in this state.")] = "posted",
    before: Annotated[int, Parameter(help="Go on behind this number: only older ones.")] = EVERYTHING,
    most: Most = 100,
    json: AsJson = False,
) -> None:
    """List alerts, the newest first: who posted what concern; neither patient nor text."""
    from store import alerts

    which = "" if state == "any" else state
    async with standing_store(site_settings()) as store:
        rows = await store.read(lambda tx: alerts.listed(tx, state=which, before=before, most=most))
    if json:
        print_json([{name: row[name] for name in _LISTED} for row in rows])
        return
    print_table(
        f"Alerts ({state})",
        ["no", "posted", "alert", "concern", "author", "state"],
        [
            [row["no"], moment(row["posted_at"]), row["alert_id"], row["concern"], row["author_id"], row["state"]]
            for row in rows
        ],
    )
    if rows:
        say("→ `pmp alerts show ALERT --why …` shows patient and text, and writes down that you saw them.")


@app.command
async def show(
    alert_id: Annotated[str, Parameter(help="The alert's id, from `pmp alerts list`.")],
    /,
    *,
    why: Why,
    json: AsJson = False,
) -> None:
    """Show one alert whole, patient and text too; that you saw it is written down, and why."""
    settings, why = site_settings(), reason(why)
    from store import alerts
    from workers.bootstrap import now, operator_of

    async def unit(tx: Transaction) -> tuple[Row, str] | None:
        return await alerts.reveal(tx, alert_id, operator=operator_of(settings), why=why, now=now())

    async with standing_store(settings) as store:
        found = await store.write(unit)
    if found is None:
        raise Permanent(f"There is no alert {alert_id}.")
    row, patient_id = found
    told = {name: row[name] for name in _LISTED} | {"patient_id": patient_id, "text": row["text"]}
    if json:
        print_json(told)
        return
    for name, value in told.items():
        if value is not None:
            say(f"{name.replace('_', ' '):<14}{moment(value) if name.endswith('_at') else value}")
