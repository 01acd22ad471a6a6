"""Submissions: which transactions came, and what was reported on them (F11, R42, R46, R47)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from store.contract import Row, Transaction, as_date, as_text
from store.dispensations import Content
from store.paging import paged

_SLICE_ROWS: Final = 5000


@dataclass(frozen=True, slots=True)
class Processed:
    """A transaction that was processed before: the message that brought it, and its report (JSON)."""

    seq: int
    verdict: str
    report: str
    created_at: str
    body_bytes: int
    content_digest: str

    def is_same(self, content_digest: str, created_at: str, body_bytes: int) -> bool:
        """Tell whether this one says the same; of one that came before digests were kept, whether time and size are the same."""
        if self.content_digest:
            return self.content_digest == content_digest
        return (self.created_at, self.body_bytes) == (created_at, body_bytes)


@dataclass(frozen=True, slots=True)
class Uncorrected:
    """A submission whose records in error were not all corrected."""

    seq: int
    sender: str
    transaction_control: str
    file_name: str
    errors: int
    reported_on: date
    dispenser: str
    """The one they are of; '' when they are of several, or nobody knows of whom."""


class OpenError(NamedTuple):
    """A record that could not be stored, by what its correction will be known by; '' where that itself was at fault (R47)."""

    dispenser: str
    prescription_number: str
    filled_on: str
    fill_number: str
    partial_fill: str
    checks: str


def known_by(content: Content) -> tuple[str, str, str, str, str]:
    """Give what a record is known by when it is a correction: OpenError's fields before ``checks`` (R47)."""
    return (
        content.dispenser, content.prescription_number, content.filled_on, str(content.fill_number),
        str(content.partial_fill),
    )  # fmt: skip


async def processed(tx: Transaction, sender: str, transaction_control: str) -> Processed | None:
    """Return a transaction processed before; None also when it failed or was a test, which may come again (F11)."""
    row = await tx.row("submissions.processed", sender=sender, transaction_control=transaction_control)
    if row is None:
        return None
    return Processed(
        row["seq"], row["verdict"], row["report"], row["created_at"], row["body_bytes"], row["content_digest"]
    )


async def voided(tx: Transaction, sender: str, transaction_control: str) -> str | None:
    """Return the report (JSON) on the last void of a whole transaction, or None (R49)."""
    row = await tx.row("submissions.voided", sender=sender, transaction_control=transaction_control)
    return None if row is None else str(row["report"])


async def end_errors(tx: Transaction, left_by_seq: int, *, but_of: Collection[str], now: datetime) -> None:
    """Close the open errors that one message left, but those of some dispensers (R47, R49)."""
    kept = json.dumps(sorted(but_of))
    await tx.run("submissions.end_errors", seq=left_by_seq, but_of=kept, corrected_at=as_text(now))


async def void_waiting(tx: Transaction, sender: str, transaction_control: str, created_at: str) -> str | None:
    """Return when a void of this transaction was made that overtook it, or None (R49)."""
    row = await tx.row(
        "submissions.void_waiting", sender=sender, transaction_control=transaction_control, created_at=created_at
    )
    return None if row is None else str(row["created_at"])


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
    created_at: str,
    content_digest: str,
    received_at: datetime,
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
        created_at=created_at,
        content_digest=content_digest,
        received_at=as_text(received_at),
        seq=seq,
    )


async def insert_zero_report(
    tx: Transaction, dispenser: str, *, period_from: str, period_to: str, received_at: datetime, seq: int
) -> None:
    """Keep that a dispenser had nothing to report from one day to another, both included (R42)."""
    await tx.run(
        "submissions.insert_zero_report",
        dispenser=dispenser,
        period_from=period_from,
        period_to=period_to,
        received_at=as_text(received_at),
        seq=seq,
    )


async def keep_errors(
    tx: Transaction, errors: Sequence[OpenError], *, sender: str, reported_on: date, now: datetime, seq: int
) -> None:
    """Keep which records of a submission wait for their correction.

    The same ones of earlier submissions wait no longer: these wait in their place, from the day on which they were first told.
    """
    if not errors:
        return
    day = reported_on.isoformat()
    await tx.insert_all("submissions.keep_error", [(seq, sender, *one, day) for one in errors])
    await tx.run("submissions.told_before", seq=seq)
    await correct_all(tx, [(sender, *one[:5]) for one in errors], now=now, seq=seq)


async def any_open(tx: Transaction, dispensers: Collection[str], senders: Collection[str]) -> bool:
    """Tell whether any record of these dispensers, or of these senders' nameless ones, waits for its correction."""
    named, by = json.dumps(sorted({*dispensers, ""})), json.dumps(sorted(senders))
    return await tx.row("submissions.any_open", dispensers=named, senders=by) is not None


async def correct_all(tx: Transaction, records: Sequence[tuple[str, ...]], *, now: datetime, seq: int) -> None:
    """Close the open errors of these records: (sender, dispenser, prescription number, day, fill number, partial fill), each."""
    for start in range(0, len(records), _SLICE_ROWS):
        part = json.dumps(records[start : start + _SLICE_ROWS])
        await tx.run("submissions.correct", records=part, corrected_at=as_text(now), seq=seq)


async def uncorrected(
    tx: Transaction, *, reported_from: date, reported_to: date, also_foreign: bool = True, page: int = 1000
) -> AsyncIterator[Sequence[Uncorrected]]:
    """Yield submissions of some days that still have records in error, a page at a time (R47).

    Unless ``also_foreign``, records are left out whose dispenser is registered for other submitters by now: their sender cannot
    correct them (R61).
    """
    pages = paged(
        tx, "submissions.uncorrected", page=page,
        after={"after_day": ("reported_on", ""), "after_seq": ("seq", 0)},
        reported_from=reported_from.isoformat(), reported_to=reported_to.isoformat(), also_foreign=int(also_foreign),
    )  # fmt: skip
    async for rows in pages:
        yield [
            Uncorrected(
                row["seq"], row["sender"], row["transaction_control"], row["file_name"], row["errors"],
                as_date(row["reported_on"]), row["dispenser"],
            )
            for row in rows
        ]  # fmt: skip


async def listed(
    tx: Transaction, *, sender: str = "", verdict: str = "", before: int = 1 << 62, most: int = 100
) -> Sequence[Row]:
    """Return submissions without their reports, the newest first, those before a number."""
    return await tx.rows("submissions.listed", sender=sender, verdict=verdict, before=before, most=most)


async def one(tx: Transaction, no: int) -> Row | None:
    """Return one submission with its report (JSON), or None."""
    return await tx.row("submissions.one", no=no)
