"""Agencies: who stands on the list of an agency's highest-ranking official, and who was trained (R8, R9)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from messages.approval import ApprovalAgencyListReceived
from messages.message import same_address
from store.contract import Transaction, as_date, as_text
from store.paging import paged


@dataclass(frozen=True, slots=True)
class Dropped:
    """An account whose holder a newer list of the agency leaves out; an administrator looks at it (R8)."""

    account_id: str
    agency: str
    dropped_on: date


def same_agency(name: str) -> str:
    """Reduce an agency's name to what it is compared by: case and spaces do not count."""
    return " ".join(name.split()).casefold()


async def listed_on(tx: Transaction, agency: str) -> date | None:
    """Return the day on which an agency's present list was sent; None when it never sent one."""
    row = await tx.row("agencies.last_list", agency_key=same_agency(agency))
    return None if row is None else as_date(row["sent_on"])


async def replace_list(tx: Transaction, message: ApprovalAgencyListReceived, *, now: datetime, seq: int) -> None:
    """Let a list take the place of the agency's former one; whoever it leaves out is dropped."""
    agency_key, sent_on = same_agency(message.agency), message.sent_on.isoformat()
    names = {same_address(person.email): person.name for person in message.persons}
    await tx.run(
        "agencies.insert_list",
        agency_key=agency_key,
        agency=message.agency,
        official_name=message.official_name,
        official_title=message.official_title,
        sent_on=sent_on,
        persons=len(names),
        recorded_by=message.administrator,
        received_at=as_text(now),
        seq=seq,
    )
    await tx.run("agencies.drop_all", agency_key=agency_key, dropped_on=sent_on)
    await tx.insert_all("agencies.list_person", [(agency_key, key, name, sent_on) for key, name in names.items()])


async def is_listed(tx: Transaction, agency: str, email: str) -> bool:
    """Tell whether an address stands on the present list of this agency."""
    key = same_agency(agency)
    return await tx.row("agencies.is_listed", agency_key=key, email_key=same_address(email)) is not None


async def dropped(tx: Transaction, *, page: int = 500) -> AsyncIterator[Sequence[Dropped]]:
    """Yield accounts whose holders stand on no list any more, though they did (R8)."""
    async for rows in paged(tx, "agencies.dropped", page=page, after={"after_no": ("no", 0)}):
        yield [Dropped(row["account_id"], row["agency"], as_date(row["dropped_on"])) for row in rows]


async def train(tx: Transaction, registration_id: str, *, trained_on: date, by: str, now: datetime) -> bool:
    """Record a completed training; False when one is recorded already."""
    return (
        await tx.run(
            "agencies.train",
            registration_id=registration_id,
            trained_on=trained_on.isoformat(),
            recorded_by=by,
            recorded_at=as_text(now),
        )
        == 1
    )


async def is_trained(tx: Transaction, account_id: str) -> bool:
    """Tell whether the holder of an account, or an applicant, completed the training."""
    return await tx.row("agencies.trained", registration_id=account_id) is not None
