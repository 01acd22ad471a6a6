"""What stands still until somebody looks: dead letters by cause, e-mails that did not leave, addresses that take none."""

from __future__ import annotations

from handlers.digest.listing import ROWS_MAX, Listed, Listing, Look
from store import bounces, overview
from store.overview import Cause, Leaving


async def dead_letters(look: Look) -> Listed:
    """Return the open dead letters by cause."""
    causes = await overview.causes(look.tx)
    return Listed(tuple(_cause(cause, look) for cause in causes[:ROWS_MAX]), len(causes))


async def mails_not_left(look: Look) -> Listed:
    """Return how many e-mails are held, and how many a mail server has refused since the last digest."""
    found = await overview.mails_not_left(look.tx, refused_since=look.since_last[0])
    return Listed(tuple(_mails(one, look) for one in found), len(found))


async def addresses_marked(look: Look) -> Listed:
    """Return how many addresses take no mail any more; the addresses themselves are persons' (R27)."""
    number = await bounces.marked_count(look.tx)
    return Listed((f"{number} bounced; see `pmp outbox list --state refused`",), 1) if number else Listed()


def _cause(cause: Cause, look: Look) -> str:
    return f"{cause.count} of {cause.kind}: {cause.code}, the oldest {_age(cause, look)}"


def _mails(one: Leaving, look: Look) -> str:
    how = "held" if one.state == "held" else "refused by a mail server"
    return f"{one.count} {how}, the oldest {_age(one, look)}"


def _age(one: Cause | Leaving, look: Look) -> str:
    return look.days_since(one.oldest_at) if one.oldest_at else "today"


LISTINGS = (
    Listing(80, "Dead letters waiting for an operator", dead_letters),
    Listing(81, "E-mails that did not leave", mails_not_left),
    Listing(82, "Addresses that take no mail", addresses_marked),
)
