"""What is kept for ever, and what goes when it is old (R50, R60, R62). ``tests/house`` proves it on every statement.

Nothing is deleted but rows of ``MAY_GO``: the machinery's own memory of what came and left, and of who tried to get in. Every
other table keeps its rows, whoever makes it; those that say what happened are not even changed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from store.contract import Transaction, as_text

MAY_GO: Final = frozenset({"inbox", "outbox", "deferred", "attempts", "login_failures", "password_resets"})
"""Tables from which a statement may delete: memory of the machinery itself."""

MADE_ANEW: Final = frozenset(
    {
        "clinical_alerts", "dispenser_numbers", "missed_reviews", "patient_aliases", "patient_records", "projection_late",
        "stale_patients", "treatments",
    }
)  # fmt: skip
"""Tables that are made from what is kept (`pmp rebuild`, a dispenser's registration), and may be made anew."""

APPEND_ONLY: Final = frozenset({"operator_acts", "origins", "terms", "terms_acceptances"})
"""Tables whose rows are never changed; so are all that ``is_append_only`` knows by their names."""


def is_append_only(table: str) -> bool:
    """Tell whether a table's rows are never changed: histories, versions and the audit are so by their names."""
    return table in APPEND_ONLY or table == "audit" or table.endswith(("_history", "_versions"))


@dataclass(frozen=True, slots=True)
class _Span:
    """Rows that are old enough and were not looked at before, by number: after one, up to another."""

    after: int
    upto: int
    rows: int


async def forget_messages(tx: Transaction, before: datetime, *, page: int) -> int:
    """Take the next settled messages received before a moment out of the inbox; return how many were looked at, 0 at the end.

    From then on a publisher that sends one of them again is not recognised. Of one that had its effect, who sent it and when
    stays in ``origins`` (R50); each is counted in the daily tally. What is not settled at that age, or has a dead letter, stays.
    """
    span = await _next_span(tx, "inbox", "retention.inbox_page", before, page)
    if span is None:
        return 0
    gone = await tx.rows("retention.forget_messages", after=span.after, upto=span.upto)
    kept = [
        (r["seq"], r["sender"], r["message_id"], r["kind"], r["body_bytes"], r["received_at"], r["settled_at"])
        for r in gone
        if r["state"] == "done"
    ]
    await tx.insert_all("retention.keep_origin", kept)
    tally = Counter((row["received_at"][:10], row["kind"], row["state"]) for row in gone)
    for (day, kind, state), number in sorted(tally.items()):
        await tx.run("retention.tally", day=day, kind=kind, state=state, number=number)
    return span.rows


async def forget_sent(tx: Transaction, before: datetime, *, page: int) -> int:
    """Let the next events and answers staged before a moment go, and empty the e-mails; return how many were looked at.

    Only what was sent. Of an e-mail stays that it was sent, to whom and when, and the key that keeps it from being sent twice.
    """
    span = await _next_span(tx, "outbox", "retention.outbox_page", before, page)
    if span is None:
        return 0
    await tx.run("retention.empty_mails", after=span.after, upto=span.upto)
    await tx.run("retention.forget_events", after=span.after, upto=span.upto)
    return span.rows


async def tallied(tx: Transaction) -> dict[str, int]:
    """Return how many messages have left the inbox, by outcome."""
    return {row["state"]: int(row["number"]) for row in await tx.rows("retention.tallied")}


async def _next_span(tx: Transaction, chore: str, statement: str, before: datetime, page: int) -> _Span | None:
    """Take the next rows of a chore, as far as they are old enough; they are not looked at again."""
    mark = await tx.row("retention.mark", chore=chore)
    after = 0 if mark is None else int(mark["upto"])
    old = [row for row in await tx.rows(statement, after=after, most=page) if row["made_at"] < as_text(before)]
    if not old:
        return None
    upto = int(old[-1]["no"])
    await tx.run("retention.set_mark", chore=chore, upto=upto)
    return _Span(after, upto, len(old))
