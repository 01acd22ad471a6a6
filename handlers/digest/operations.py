"""What stands still until somebody looks: dead letters by cause, e-mails that did not leave, addresses that take none."""

from __future__ import annotations

from handlers.digest.listing import ROWS_MAX, Listed, Listing, Look
from store import bounces, overview
from store.overview import Cause, Leaving


async def dead_letters(look: Look) -> Listed:
    """Return the open dead letters by cause."""
    causes = await overview.causes(look.tx)
    rows = tuple(_cause(cause, look) for cause in causes[:ROWS_MAX])
    return Listed(rows, sum(cause.count for cause in causes), len(causes) - len(rows))


async def mails_not_left(look: Look) -> Listed:
    """Return how many e-mails are held, and how many were refused since the last digest."""
    found = await overview.mails_not_left(look.tx, refused_since=look.since_last[0])
    return Listed(tuple(_mails(one, look) for one in found), sum(one.count for one in found))


async def addresses_marked(look: Look) -> Listed:
    """Return how many addresses take no mail any more; the addresses themselves are persons' (R27)."""
    number = await bounces.marked_count(look.tx)
    return Listed((f"{number} bounced",), number) if number else Listed()


def _cause(cause: Cause, look: Look) -> str:
    return f"{cause.count} of {cause.kind}: {cause.code}, the oldest {_age(cause, look)}"


def _mails(one: Leaving, look: Look) -> str:
    return f"{one.count} {one.state}, the oldest {_age(one, look)}"


def _age(one: Cause | Leaving, look: Look) -> str:
    return look.ago(one.oldest_at) if one.oldest_at else "today"


LISTINGS = (
    Listing(
        80,
        "Dead letters waiting for an operator",
        "An operator sees each with `pmp dead-letters list`; when the cause is mended, `pmp dead-letters replay NO --why REASON` "
        "has them processed, `pmp dead-letters discard` gives them up.",
        dead_letters,
    ),
    Listing(
        81,
        "E-mails that did not leave",
        "An operator sees which and why with `pmp outbox list --state held` (or refused); `pmp outbox release NO --why REASON` "
        "sends them, `pmp outbox discard` gives them up.",
        mails_not_left,
    ),
    Listing(
        82,
        "Addresses that take no mail",
        "No e-mail goes there any more: `pmp outbox list --state refused` shows whose did not. Reach the holder another way; "
        "the mark is lifted when the address is restored in the portal.",
        addresses_marked,
    ),
)
