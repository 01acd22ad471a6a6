"""How much of an opioid is in a unit of a drug: what the alert by daily equivalents needs (R29)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from messages.errors import Malformed
from workers.cli import bodies
from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.presenting import print_json, say

_ROWS_AT_ONCE = 5000  # one short transaction each: the workers write between them


async def strengths(
    file: Annotated[
        Path,
        Parameter(
            help="A CSV with the header ndc,ingredient,strength (milligrams in a unit; a patch's: micrograms an hour)."
        ),
    ],
    /,
    *,
    json: AsJson = False,
) -> None:
    """Load strengths of opioids. An entry replaces the one of its NDC; a faulty file loads nothing.

    An NDC without its last 2 digits speaks for all packages of a product. Patients are counted again by themselves, behind
    the stream.
    """
    from handlers.rules.strengths import read_strengths
    from store import treatments

    settings = site_settings()
    try:
        lines = bodies.read(file).decode().splitlines()
        rows = list(read_strengths(lines, ndc_digits=settings.programme.ndc_digits))
    except UnicodeDecodeError:
        raise Malformed(f"{file} is not UTF-8.") from None
    async with standing_store(settings) as store:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            await store.write(lambda tx, part=part: treatments.put_strengths(tx, part))  # type: ignore[misc]
    if json:
        print_json({"loaded": len(rows)})
    else:
        say(f"{len(rows)} strengths are loaded.")
