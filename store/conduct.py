"""Conduct: reported use, misuse and violations, each a case with every step to its outcome (R25, R64)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from messages.conduct import Finding, What
from store.contract import Conflict, Row, Transaction, as_moment, as_text
from store.paging import Key, paged

State = Literal["open", "referred", "closed"]
Act = Literal["referred", "noted", "outcome_recorded"]


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported, before it is a case. ``occasion``: a case that the system raises itself, once for each."""

    case_id: str
    what: What
    text: str
    account_id: str | None = None
    reporter_name: str | None = None
    reporter_email: str | None = None
    occasion: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it stands; ``revision`` counts its steps."""

    no: int
    case_id: str
    reference: str
    what: What
    state: State
    reported_at: datetime
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody did about a case; ``agency`` and its address are whom it was referred to."""

    act: Act | Literal["reported"]
    actor: str
    at: datetime
    seq: int
    text: str | None = None
    agency: str | None = None
    agency_email: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """One step as the history keeps it, with the state it led to."""

    step: Step
    state: State


async def insert(tx: Transaction, report: Report, *, year: int, now: datetime, seq: int) -> Case | None:
    """Open a case under its reference; None when this case, or one of the same occasion, was opened before."""
    row = await tx.row(
        "conduct.insert",
        case_id=report.case_id,
        what=report.what,
        account_id=report.account_id,
        reporter_name=report.reporter_name,
        reporter_email=report.reporter_email,
        occasion=report.occasion,
        text=report.text,
        reported_at=as_text(now),
        seq=seq,
    )
    if row is None:
        return None
    case = Case(row["no"], report.case_id, f"C{year}-{row['no']:06d}", report.what, "open", now)
    await tx.run("conduct.refer_to", no=case.no, reference=case.reference)
    await _record(tx, case, Step("reported", report.reporter_email or "", now, seq))
    return case


async def raise_case(
    tx: Transaction,
    what: What,
    *,
    ground: str,
    about: str,
    text: str,
    on: date,
    now: datetime,
    seq: int,
    account_id: str | None = None,
) -> Case | None:
    """Open a case that the system raises itself; None when there is one of this ground, subject and local day.

    ``ground`` is what happened, in one word (``query_without_case``), ``about`` an id: a flood of it raises one case a day.
    ``text`` holds ids only.
    """
    occasion = f"{ground}:{about}:{on.isoformat()}"
    case_id = f"raised-{sha256(occasion.encode()).hexdigest()[:24]}"
    report = Report(case_id, what, text, account_id=account_id, occasion=occasion)
    return await insert(tx, report, year=on.year, now=now, seq=seq)


async def one(tx: Transaction, case_id: str) -> Case | None:
    """Return a case, or None."""
    row = await tx.row("conduct.one", case_id=case_id)
    return None if row is None else _case(row)


async def move(tx: Transaction, after: Case, step: Step, *, outcome: Finding | None = None) -> Case:
    """Write a case's next standing together with the step that led there; an outcome closes it.

    Raises:
        Conflict: another step came in between; decide again on what it left.
    """
    moved = await tx.run(
        "conduct.move",
        no=after.no,
        revision=after.revision,
        state=after.state,
        outcome=outcome,
        closed_at=None if outcome is None else as_text(step.at),
    )
    if not moved:
        raise Conflict("Another step of this case came in between.")
    after = replace(after, revision=after.revision + 1)
    await _record(tx, after, step)
    return after


async def history(tx: Transaction, case_no: int) -> Sequence[Past]:
    """Return every step of a case in its order (R25)."""
    return [
        Past(
            Step(
                row["act"], row["actor"], as_moment(row["acted_at"]), row["seq"], row["text"], row["agency"],
                row["agency_email"],
            ),
            row["state"],
        )
        for row in await tx.rows("conduct.history", case_no=case_no)
    ]  # fmt: skip


async def unclosed(tx: Transaction, *, page: int = 500) -> AsyncIterator[Sequence[Case]]:
    """Yield the cases without an outcome, the oldest first, a page at a time; for the administrators' digest."""
    after: Key = {"after_at": ("reported_at", ""), "after_no": ("no", 0)}
    async for rows in paged(tx, "conduct.unclosed", page=page, after=after):
        yield [_case(row) for row in rows]


def _case(row: Row) -> Case:
    return Case(
        row["no"], row["case_id"], row["reference"], row["what"], row["state"], as_moment(row["reported_at"]),
        row["revision"],
    )  # fmt: skip


async def _record(tx: Transaction, case: Case, step: Step) -> None:
    await tx.run(
        "conduct.record",
        case_no=case.no,
        revision=case.revision,
        act=step.act,
        actor=step.actor,
        state=case.state,
        agency=step.agency,
        agency_email=step.agency_email,
        text=step.text,
        acted_at=as_text(step.at),
        seq=step.seq,
    )
