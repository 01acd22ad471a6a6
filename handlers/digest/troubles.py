"""Parts of the system itself that fail and are tried again and again."""

from __future__ import annotations

from handlers.digest.listing import ROWS_MAX, Listed, Listing, Look
from store import troubles
from store.troubles import Trouble


async def failing(look: Look) -> Listed:
    """Return the sweeps, relays and lanes that fail."""
    found = await troubles.standing(look.tx, after=look.since_last[0])
    rows = tuple(_trouble(one, look) for one in found[:ROWS_MAX])
    return Listed(rows, len(found))


def _trouble(one: Trouble, look: Look) -> str:
    since = look.policy.local_date(one.since_at).isoformat()
    return f"{one.part}: {one.error}, {one.failures} times since {since}"


LISTINGS = (
    Listing(
        79,
        "Parts of the system that fail",
        "An operator sees them with `pmp status`, and why in the log. Each is tried again by itself, at growing pauses; the "
        "others go on.",
        failing,
    ),
)
