"""What of accounts and credentials administrators see in their daily list (R5, R21, R22)."""

from __future__ import annotations

from handlers.digest.listing import ROWS_MAX, Listed, Listing, Look, gathered
from handlers.rules.standing import CREDENTIALS
from store import credentials, standing


async def credentials_lapsed(look: Look) -> Listed:
    """Return the accounts that a lapsed credential has suspended since yesterday and that still are (R21)."""
    pages = credentials.suspended_since(look.tx, look.yesterday[0])
    return await gathered(pages, lambda one: f"{one.account_id}, {CREDENTIALS[one.kind]}")


async def eligibility_to_look_at(look: Look) -> Listed:
    """Return the changes that may end an account's eligibility and wait for an administrator, oldest first (R22)."""
    return await gathered(
        standing.eligibility_to_look_at(look.tx),
        lambda one: (
            f"{one.account_id}, {one.why.replace('_', ' ')}, reported on "
            f"{look.policy.local_date(one.reported_at).isoformat()}"
        ),
    )


async def unregistered_holders(look: Look) -> Listed:
    """Return the CSP numbers in force whose holders have no account, by number (R5)."""
    number = await credentials.count_unregistered(look.tx, look.today)
    async for page in credentials.unregistered(look.tx, look.today, page=ROWS_MAX):
        return Listed(tuple(f"CSP {one.number}" for one in page), number)
    return Listed((), number)


LISTINGS = (
    Listing(40, "Credentials lapsed, accounts suspended", credentials_lapsed),
    Listing(41, "Changes that may end an account's eligibility", eligibility_to_look_at),
    Listing(60, "CSP holders without an account", unregistered_holders),
)
