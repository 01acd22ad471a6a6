"""What of accounts and credentials administrators see in their daily list (R5, R21, R22)."""

from __future__ import annotations

from handlers.digest.listing import Listed, Listing, Look, gathered
from handlers.rules.standing import CREDENTIALS
from store import credentials, standing


async def credentials_lapsed(look: Look) -> Listed:
    """Return the accounts that a lapsed credential has suspended since the last digest and that still are (R21)."""
    pages = credentials.suspended_since(look.tx, look.since_last[0])
    return await gathered(pages, lambda one: f"{one.account_id}: {CREDENTIALS[one.kind]}")


async def eligibility_to_look_at(look: Look) -> Listed:
    """Return the changes that may end an account's eligibility and wait for an administrator, oldest first (R22)."""
    return await gathered(
        standing.eligibility_to_look_at(look.tx),
        lambda one: f"{one.account_id}: {one.why.replace('_', ' ')}, reported {look.ago(one.reported_at)}",
    )


async def unregistered_holders(look: Look) -> Listed:
    """Return the CSP numbers in force whose holders have no account, by number (R5)."""
    return await gathered(credentials.unregistered(look.tx, look.today), lambda one: one.number)


LISTINGS = (
    Listing(
        40,
        "Accounts whose eligibility is in question",
        "Decide on each in the portal: eligibility is kept, or the account is deactivated.",
        eligibility_to_look_at,
    ),
    Listing(
        41,
        "Accounts suspended by a lapsed credential since the last digest",
        "Nothing to do unless the register is wrong: they are active again by themselves when the renewal arrives.",
        credentials_lapsed,
    ),
    Listing(
        42,
        "CSP registrations whose holders have no account",
        "They must register. Please remind them, or tell the licensing office of who has stopped practicing.",
        unregistered_holders,
    ),
)
