"""What gateways handed in: list it, look at one, see its report again (R46, R47). None of it names a patient."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from messages.errors import Permanent
from workers.cli.app import EVERYTHING
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.options import POSITIVE, Most
from workers.cli.presenting import moment, print_json, print_table, say

if TYPE_CHECKING:
    from store.contract import Row

app = App(name="submissions", help="List files and lists of records handed in, and see their reports.")

Verdict = Literal["any", "accepted", "refused", "failed", "zero_report", "test", "void"]
Number = Annotated[int, Parameter(help="The submission's number, from `pmp submissions list`.", validator=POSITIVE)]
_FIELDS = "no sender transaction_control verdict version file_name body_bytes received_at seq open_errors".split()
_CHECKED = {
    "total": "total",
    "valid": "checked, not stored",
    "with_errors": "with errors",
    "with_warnings": "with warnings",
}
_COUNTS = "total stored duplicates revised voided voids_not_found with_errors with_warnings".split()


@app.command(name="list")
async def list_(
    *,
    sender: Annotated[str, Parameter(help="Only this broker user's.")] = "",
    verdict: Annotated[Verdict, Parameter(help="Only with this verdict.")] = "any",
    before: Annotated[
        int, Parameter(help="Go on behind this number: only older ones.", validator=POSITIVE)
    ] = EVERYTHING,
    most: Most = 100,
    json: AsJson = False,
) -> None:
    """List submissions, the newest first, with the records that still wait for a correction."""
    from store import submissions

    async with standing_store(site_settings()) as store:
        rows = await store.read(
            lambda tx: submissions.listed(
                tx, sender=sender, verdict="" if verdict == "any" else verdict, before=before, most=most
            )
        )
    if json:
        print_json([{name: row[name] for name in _FIELDS} for row in rows])
        return
    print_table(
        "Submissions",
        ["no", "received", "sender", "transaction", "file", "verdict", "to correct"],
        [
            [row["no"], moment(row["received_at"]), row["sender"], row["transaction_control"], row["file_name"] or "–",
             row["verdict"], row["open_errors"] or "–"]
            for row in rows
        ],
    )  # fmt: skip


@app.command
async def show(no: Number, /, *, json: AsJson = False) -> None:
    """Show one submission and what became of its records, per pharmacy."""
    row = await _one(no)
    report = jsonlib.loads(row["report"])
    if json:
        print_json({name: row[name] for name in (*_FIELDS, "created_at")} | {"pharmacies": report["pharmacies"]})
        return
    for name in (*_FIELDS, "created_at"):
        say(f"{name.replace('_', ' '):<20}{moment(row[name]) if name.endswith('_at') else row[name]}")
    counts = {
        name: name.replace("_", " ")
        for name in _COUNTS
        if name == "total" or any(one[name] for one in report["pharmacies"])
    }
    if row["verdict"] == "test":
        counts = _CHECKED
    print_table(
        "Records",
        ["dea", "npi", "ncpdp", *counts.values()],
        [
            [one["dea"] or "–", one["npi"] or "–", one["ncpdp"] or "–", *(one[name] for name in counts)]
            for one in report["pharmacies"]
        ],
    )
    say(f"→ `pmp submissions report {no}` lists what was found ({report['faults_total']}).")


@app.command(name="report")
async def report_(no: Number, /, *, json: AsJson = False) -> None:
    """Show the report that the sender got: with --json exactly that, else one line for each fault."""
    report = jsonlib.loads((await _one(no))["report"])
    if json:
        print_json(report)
        return
    print_table(
        f"Found ({len(report['faults'])} of {report['faults_total']})",
        ["check", "severity", "pharmacy", "prescription", "filled", "field", "message"],
        [
            [one["check"], one["severity"], one.get("pharmacy") or "–", one["prescription"] or "–", one.get("fill_date") or "–",
             one["field"] or one["segment"] or "–", one["message"]]
            for one in report["faults"]
        ],
        empty="nothing",
    )  # fmt: skip


async def _one(no: int) -> Row:
    from store import submissions

    async with standing_store(site_settings()) as store:
        row = await store.read(lambda tx: submissions.one(tx, no))
    if row is None:
        raise Permanent(f"There is no submission {no}.")
    return row
