"""Who may act as an administrator (R6, R10): the addresses that the site names, and active Admin accounts."""

from __future__ import annotations

from typing import Any

from handlers.outcomes import Refuse
from handlers.work import Work
from messages.message import same_address
from store import accounts


async def not_an_administrator(work: Work[Any, Any], address: str, *, field: str = "administrator") -> Refuse | None:
    """Refuse whoever is no administrator; None when the address is one."""
    named = {same_address(one) for one in work.programme.administrators}
    if same_address(address) in named:
        return None
    account = await accounts.by_address(work.tx, address)
    if account is not None and account.state == "active" and work.programme.roles.named(account.role).is_admin:
        return None
    return Refuse("not_an_administrator", f"The {field} is no active administrator (R6, R10).", field=field)
