"""What follows the records, made anew from the records; and the drugs' strengths that it needs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cyclopts import App

from workers.cli.opened import AsJson, site_settings, standing_store
from workers.cli.presenting import print_json, say

if TYPE_CHECKING:
    from workers.projection import TreatmentsProjection

app = App(name="rebuild", help="Make what follows the records anew from the records.", help_format="plaintext")

_OTHER_HAS_IT_SECONDS = 0.5


@app.command
async def treatments(*, json: AsJson = False) -> None:
    """Read every record again and count every patient anew; what stands stays until it is replaced. Workers may go on."""
    settings = site_settings()
    from store import treatments as rows
    from workers.bootstrap import now, programme_of
    from workers.projection import TreatmentsProjection

    async with standing_store(settings) as store:
        projection = TreatmentsProjection(store, programme_of(settings), now, f"{settings.machine}:rebuild")
        await projection.begin_again()
        await _to_the_end(projection)
        counts = await store.read(rows.counts)
    if json:
        print_json(dict(counts))
        return
    say(
        "Treatments are made anew from the records: " + ", ".join(f"{number} {what}" for what, number in counts.items())
    )


async def _to_the_end(projection: TreatmentsProjection) -> None:
    """Take turns until all is done; while a running scheduler has the lease, it does the work and this waits for it."""
    while not await projection.is_done():
        if not await projection.turn():
            await asyncio.sleep(_OTHER_HAS_IT_SECONDS)
