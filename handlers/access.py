"""How far an account's access goes: law enforcement has full access only after the training (R8, R9)."""

from __future__ import annotations

from handlers.rules.roles import Role
from store import agencies
from store.contract import Transaction


async def has_full_access(tx: Transaction, account_id: str, role: Role) -> bool:
    """Tell whether nothing stands between an active account and what its role may do."""
    return not role.training or await agencies.is_trained(tx, account_id)


async def is_access_limited(tx: Transaction, account_id: str, role: Role) -> bool:
    """Tell whether the account waits for its holder's training."""
    return not await has_full_access(tx, account_id, role)
