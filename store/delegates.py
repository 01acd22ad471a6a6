"""Delegates' links: who may act for whom (R7, R23)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from store.contract import Transaction, as_text


async def ask(tx: Transaction, delegate_id: str, supervisor_id: str, *, now: datetime) -> bool:
    """Ask a supervisor for a link; False when it is asked for or approved already."""
    return (
        await tx.run("delegates.ask", delegate_id=delegate_id, supervisor_id=supervisor_id, asked_at=as_text(now)) == 1
    )


async def decide(
    tx: Transaction,
    delegate_id: str,
    supervisor_id: str,
    state: Literal["approved", "refused"],
    *,
    now: datetime,
    reason: str | None = None,
) -> bool:
    """Write a supervisor's decision; False when nothing was asked, or it is decided already."""
    return (
        await tx.run(
            "delegates.decide",
            delegate_id=delegate_id,
            supervisor_id=supervisor_id,
            state=state,
            decided_at=as_text(now),
            reason=reason,
        )
        == 1
    )


async def may_act(tx: Transaction, delegate_id: str, supervisor_id: str) -> bool:
    """Tell whether a delegate may act for a supervisor now: approved, and neither account suspended or closed."""
    return await tx.row("delegates.may_act", delegate_id=delegate_id, supervisor_id=supervisor_id) is not None
