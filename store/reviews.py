"""Reviews of patients' records, law enforcement's cases, and the trail of queries (R24, R51–R56, R60)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from messages.identifiers import prescribing_number
from store.contract import Row, Transaction, as_date, as_text
from store.paging import paged


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers under which records know an account's holder; '' where there is none.

    ``others``: a DEA number that came later than the form (R21), and an institution's together with the suffix that it gave.
    """

    dea: str = ""
    npi: str = ""
    others: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(number for number in (self.dea, self.npi, *self.others) if number))


@dataclass(frozen=True, slots=True)
class Prescriber:
    """An active account, as digests address it, and the numbers under which records know its holder."""

    account_id: str
    email: str
    name: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Review:
    """One review of one key, and the numbers of the prescriber it counts for (R56); ``part``: which of its persons, or ''."""

    patient_key: str
    part: str
    numbers: Numbers
    reviewed_on: date


@dataclass(frozen=True, slots=True)
class Refused:
    """How often somebody was refused a patient's record for one reason."""

    requester_id: str
    code: str
    queries: int


async def numbers_of(tx: Transaction, account_id: str) -> Numbers:
    """Return the numbers of an account's holder."""
    row = await tx.row("reviews.numbers", account_id=account_id)
    return Numbers() if row is None else _numbers(row)


def _numbers(row: Row) -> Numbers:
    institution = prescribing_number(row["institution_dea"], row["suffix"])
    others = (row["held_dea"], institution if "-" in institution else "")
    return Numbers(row["dea"].upper(), row["npi"], tuple(filter(None, others)))


async def prescribers(tx: Transaction, *, page: int = 5000) -> AsyncIterator[Sequence[Prescriber]]:
    """Yield the active accounts whose holders records know by a number, a page at a time."""
    async for rows in paged(tx, "reviews.prescribers", page=page, after={"after": ("no", 0)}):
        yield [
            Prescriber(
                row["account_id"],
                row["email"],
                f"{row['first_name']} {row['last_name']}",
                _numbers(row),
            )
            for row in rows
        ]


async def insert(
    tx: Transaction,
    patient_key: str,
    *,
    part: str,
    reviewer_id: str,
    prescriber_id: str,
    numbers: Numbers,
    reviewed_on: date,
    reviewed_at: datetime,
    seq: int,
) -> None:
    """Keep a review."""
    await tx.run(
        "reviews.insert",
        patient_key=patient_key,
        part=part,
        reviewer_id=reviewer_id,
        prescriber_id=prescriber_id,
        prescriber_dea=numbers.dea,
        prescriber_npi=numbers.npi,
        prescriber_others=" ".join(numbers.others),
        reviewed_on=reviewed_on.isoformat(),
        reviewed_at=as_text(reviewed_at),
        seq=seq,
    )


async def of_patients(tx: Transaction, keys: Sequence[str]) -> list[Review]:
    """Return every review of these keys."""
    return [
        Review(
            row["patient_key"],
            row["part"],
            Numbers(row["prescriber_dea"], row["prescriber_npi"], tuple(row["prescriber_others"].split())),
            as_date(row["reviewed_on"]),
        )
        for row in await tx.rows("reviews.of_patients", keys=json.dumps(keys))
    ]


async def open_case(tx: Transaction, case_number: str, account_id: str, *, opened_on: date, seq: int) -> bool:
    """Open a case for an account; False when it is open."""
    return (
        await tx.run(
            "reviews.open_case",
            case_number=case_number,
            account_id=account_id,
            opened_on=opened_on.isoformat(),
            seq=seq,
        )
        == 1
    )


async def close_case(tx: Transaction, case_number: str, account_id: str, *, closed_on: date) -> bool:
    """Close a case; False when it is not open."""
    return (
        await tx.run(
            "reviews.close_case", case_number=case_number, account_id=account_id, closed_on=closed_on.isoformat()
        )
        == 1
    )


async def is_case_active(tx: Transaction, case_number: str, account_id: str, *, today: date) -> bool:
    """Tell whether a case of this account's is open today (R24)."""
    row = await tx.row("reviews.active_case", case_number=case_number, account_id=account_id, today=today.isoformat())
    return row is not None


async def note_query(
    tx: Transaction,
    patient_key: str,
    *,
    part: str,
    requester_id: str,
    on_behalf_of: str | None,
    case_number: str | None,
    now: datetime,
    seq: int,
) -> None:
    """Record the use of a patient's record (R60)."""
    await tx.run(
        "reviews.note_query",
        patient_key=patient_key,
        part=part,
        requester_id=requester_id,
        on_behalf_of=on_behalf_of,
        case_number=case_number,
        asked_at=as_text(now),
        seq=seq,
    )


async def note_refusal(
    tx: Transaction, *, requester_id: str, on_behalf_of: str | None, code: str, now: datetime, seq: int
) -> None:
    """Record a refused query: who, when, why, and nothing of the patient (R24)."""
    await tx.run(
        "reviews.note_refusal",
        requester_id=requester_id,
        on_behalf_of=on_behalf_of,
        code=code,
        asked_at=as_text(now),
        seq=seq,
    )


async def refusals(
    tx: Transaction, *, from_at: datetime, to_at: datetime, page: int = 1000
) -> AsyncIterator[Sequence[Refused]]:
    """Yield who was refused a patient's record between two moments, by account and reason, a page at a time (R24)."""
    after = {"after_requester": ("requester_id", ""), "after_code": ("code", "")}
    span = {"from_at": as_text(from_at), "to_at": as_text(to_at)}
    async for rows in paged(tx, "reviews.refusals", page=page, after=after, **span):
        yield [Refused(row["requester_id"], row["code"], row["queries"]) for row in rows]
