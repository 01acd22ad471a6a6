"""Submissions: which transactions came, and what was reported on them (F11, R42, R46, R47)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from store.contract import Transaction, as_text


@dataclass(frozen=True, slots=True)
class Processed:
    """A transaction that was processed before: the message that brought it, and its report (JSON)."""

    seq: int
    report: str


async def processed(tx: Transaction, sender: str, transaction_control: str) -> Processed | None:
    """Return a transaction processed before; None also when it failed or was a test, which may come again (F11)."""
    row = await tx.row("submissions.processed", sender=sender, transaction_control=transaction_control)
    return None if row is None else Processed(row["seq"], row["report"])


async def insert(
    tx: Transaction,
    *,
    sender: str,
    transaction_control: str,
    verdict: str,
    version: str,
    file_name: str,
    body_bytes: int,
    report: str,
    now: datetime,
    seq: int,
) -> None:
    """Keep what came and what was reported on it."""
    await tx.run(
        "submissions.insert",
        sender=sender,
        transaction_control=transaction_control,
        verdict=verdict,
        version=version,
        file_name=file_name,
        body_bytes=body_bytes,
        report=report,
        received_at=as_text(now),
        seq=seq,
    )


async def insert_zero_report(
    tx: Transaction, dispenser: str, *, period_from: str, period_to: str, now: datetime, seq: int
) -> None:
    """Keep that a dispenser had nothing to report from one day to another, both included (R42)."""
    await tx.run(
        "submissions.insert_zero_report",
        dispenser=dispenser,
        period_from=period_from,
        period_to=period_to,
        received_at=as_text(now),
        seq=seq,
    )
