"""Who may act as an administrator (R6, R10): the addresses that the site names, and active Admin accounts."""

from __future__ import annotations

from typing import Any

from handlers.outcomes import Refuse
from handlers.work import Work
from messages.message import same_address
from store import accounts
from store.registrations import Registration


async def not_an_administrator(work: Work[Any, Any], address: str, *, field: str = "administrator") -> Refuse | None:
    """Refuse whoever is no administrator; None when the address is one."""
    named = {same_address(one) for one in work.programme.administrators}
    if same_address(address) in named:
        return None
    account = await accounts.by_address(work.tx, address)
    if account is not None and account.state == "active" and work.programme.roles.named(account.role).is_admin:
        return None
    return Refuse("not_an_administrator", f"The {field} is no active administrator (R6, R10).", field=field)


async def not_fit_to_decide(
    work: Work[Any, Any], known: Registration, actor: str, *, field: str = "administrator"
) -> Refuse | None:
    """Refuse whoever is no administrator, or the applicant (R6); None when the address may decide on the registration."""
    if same_address(actor) == same_address(known.email):
        return Refuse("own_registration", "Nobody decides on their own registration (R6).", field=field)
    return await not_an_administrator(work, actor, field=field)
