"""Parts of the system itself that fail and are tried again and again."""

from __future__ import annotations

from handlers.digest.listing import ROWS_MAX, Listed, Listing, Look
from store import troubles


async def failing(look: Look) -> Listed:
    """Return the sweeps and relays that fail."""
    found = await troubles.standing(look.tx, after=look.since_last[0])
    rows = (f"{one.part}: {one.error}, first {look.ago(one.since_at)}" for one in found[:ROWS_MAX])
    return Listed(tuple(rows), len(found))


LISTINGS = (
    Listing(
        79,
        "Parts of the system that fail",
        "An operator sees them with `pmp status`, and why in the log. Each is tried again by itself, at growing pauses; the "
        "others go on.",
        failing,
    ),
)
