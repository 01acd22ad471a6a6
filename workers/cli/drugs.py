"""The table of monitored drugs (R44): load it from the FDA's NDC directory or a CSV, list it, ask for one NDC."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from messages.errors import Invalid, Permanent
from workers.cli import bodies
from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.presenting import print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.contract import Transaction
    from store.drugs import Drug

app = App(name="drugs", help="Load, list or look up the drugs that must be reported.")
_EXAMPLE = Path(__file__).parents[1] / "demo" / "drugs.csv"

Schedule = Annotated[str, Parameter(help="Only this schedule: II, III, IV or V.")]


@app.command
async def load(
    files: Annotated[
        list[Path] | None, Parameter(help="product.txt, package.txt or a CSV, in the order of reading.")
    ] = None,
    /,
    *,
    example: Annotated[bool, Parameter(negative="", help="Load the made-up drugs of the demo.")] = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Load monitored drugs. An entry replaces the one of its number; nothing is taken out. A faulty file loads nothing.

    What is loaded is in force at one moment; of a faulty file each line at fault is told. The FDA's NDC directory is read as
    it is: product.txt (Schedules II to V, gabapentin, naloxone, insulin, glucagon are taken, everything else left out) and,
    behind it, package.txt. A CSV has the header
    ndc,name,schedule,class,monitoring,for_animals with monitoring over_48_hours or any_supply and for_animals yes or no;
    an ndc without the last 2 digits speaks for all packages of a product.
    """
    from store import drugs as store_drugs
    from workers.bootstrap import now

    chosen = [*([_EXAMPLE] if example else []), *(files or [])]
    if not chosen:
        raise WrongUse("Name a file to load, or --example.")
    settings = site_settings()
    async with standing_store(settings) as store:
        known = {one.ndc: one for one in await store.read(_all)}
        entries = _read(chosen, known, settings.programme.ndc_digits)
        moment = now()
        if not dry_run:
            await store.write(lambda tx: store_drugs.put_all(tx, entries, now=moment))  # whole or not at all
    if json:
        print_json({"loaded": 0 if dry_run else len(entries), "read": len(entries)})
    else:
        say(f"{len(entries)} monitored drugs {'would be' if dry_run else 'are'} loaded.")


def _read(files: Sequence[Path], known: dict[str, Drug], ndc_digits: int) -> list[Drug]:
    from handlers.rules.drugs import read_drugs

    found: dict[str, Drug] = {}
    for file in files:
        try:
            lines = StringIO(_text(bodies.read(file)), newline="")
            found |= {one.ndc: one for one in read_drugs(lines, known | found, ndc_digits=ndc_digits)}
        except Invalid as error:
            raise Permanent(f"{file.name}: {error.text}", field=error.field) from None
    return list(found.values())


def _text(content: bytes) -> str:
    """Give the text of a file: UTF-8, else Windows-1252, in which the FDA writes names now and then."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


async def _all(tx: Transaction, schedule: str = "") -> list[Drug]:
    from store import drugs as store_drugs

    return [one async for page in store_drugs.listed(tx, schedule=schedule) for one in page]


@app.command(name="list")
async def list_(*, schedule: Schedule = "", json: AsJson = False) -> None:
    """List the table by number."""
    async with standing_store(site_settings()) as store:
        entries = await store.read(lambda tx: _all(tx, schedule))
    if json:
        print_json(entries)
        return
    print_table(
        "Monitored drugs",
        ["ndc", "name", "schedule", "class", "reported", "animals"],
        [
            [d.ndc, d.name, d.schedule or "–", d.drug_class or "–", d.monitoring.replace("_", " "),
             "yes" if d.for_animals else "no"]
            for d in entries
        ],
        empty="none are loaded: `pmp drugs load FILE`",
    )  # fmt: skip


@app.command
async def show(ndc: Annotated[str, Parameter(help="Its digits, hyphens or not.")], /, *, json: AsJson = False) -> None:
    """Show how one NDC is monitored: its own entry, else its product's. 1 when it is not."""
    from messages.identifiers import normalise_ndc
    from store import drugs as store_drugs

    settings = site_settings()
    digits = settings.programme.ndc_digits
    normal = normalise_ndc(ndc, digits)
    if normal is None:
        raise WrongUse(f"An NDC has {digits} digits, or three groups with hyphens.")
    async with standing_store(settings) as store:
        known = await store.read(lambda tx: store_drugs.among(tx, [normal]))
    drug = (known or {}).get(normal)
    if drug is None:
        raise Permanent(f"{normal} is not in the table of monitored drugs.")
    if json:
        print_json(drug)
        return
    say(f"{normal}: {drug.name}, {f'Schedule {drug.schedule}' if drug.schedule else 'not scheduled'}")
    say(f"  reported {drug.monitoring.replace('_', ' ')}, for animals: {'yes' if drug.for_animals else 'no'}")
    say(f"  by the entry {drug.ndc}{f', {drug.drug_class}' if drug.drug_class else ''}")
