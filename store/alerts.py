"""Alerts: those that users posted about a patient (R28), and the thresholds that records crossed (R29)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from store import replacing, sharing
from store.audit import Operator
from store.contract import Row, Transaction, as_date, as_text
from store.dead_letters import record_act
from store.paging import paged
from store.replacing import Counted


@dataclass(frozen=True, slots=True)
class PostedAlert:
    """An alert as it stands, without what it says."""

    alert_id: str
    author_id: str
    concern: str
    state: Literal["posted", "withdrawn"]


class Crossing(NamedTuple):
    """A threshold that a patient's records crossed on a day, for one prescriber whom it concerns."""

    patient_id: str
    rule: str
    raised_on: str
    prescriber: str


_CROSSINGS: Final = Counted(Crossing._fields, 4, "alerts.clinical_of", "alerts.raise_clinical", "alerts.drop_clinical")


@dataclass(frozen=True, slots=True)
class Noticed:
    """How many crossings were noticed for a prescriber on a day."""

    prescriber: str
    noticed_on: date
    alerts: int


async def post(
    tx: Transaction,
    alert_id: str,
    *,
    patient_key: str,
    part: str,
    author_id: str,
    concern: str,
    text: str,
    now: datetime,
    seq: int,
) -> bool:
    """Keep an alert with its author; False when it is posted already."""
    return (
        await tx.run(
            "alerts.post",
            alert_id=alert_id,
            patient_key=patient_key,
            part=part,
            author_id=author_id,
            concern=concern,
            text=text,
            posted_at=as_text(now),
            seq=seq,
        )
        == 1
    )


async def one(tx: Transaction, alert_id: str) -> PostedAlert | None:
    """Return an alert, or None."""
    row = await tx.row("alerts.one", alert_id=alert_id)
    return None if row is None else _alert(row)


def _alert(row: Row) -> PostedAlert:
    return PostedAlert(row["alert_id"], row["author_id"], row["concern"], row["state"])


async def withdraw(tx: Transaction, alert_id: str, *, by: str, now: datetime) -> bool:
    """Withdraw an alert, which is kept; False when it is withdrawn already."""
    return await tx.run("alerts.withdraw", alert_id=alert_id, withdrawn_at=as_text(now), withdrawn_by=by) == 1


async def listed(tx: Transaction, *, state: str, before: int, most: int) -> Sequence[Row]:
    """Return alerts of a state ('' for any), the newest first, without patient and text."""
    return await tx.rows("alerts.listed", state=state, before=before, most=most)


async def reveal(
    tx: Transaction, alert_id: str, *, operator: Operator, why: str, now: datetime
) -> tuple[Row, str] | None:
    """Return an alert whole and whose record it is of now; that it was seen is written down (R60). None: there is none."""
    row = await tx.row("alerts.whole", alert_id=alert_id)
    if row is None:
        return None
    await record_act(tx, "alert revealed", f"alert {alert_id}", operator=operator, why=why, now=now)
    return row, (await sharing.named(tx, row["patient_key"], row["part"]))[1]


async def posted(
    tx: Transaction, *, from_at: datetime, to_at: datetime, page: int = 1000
) -> AsyncIterator[Sequence[PostedAlert]]:
    """Yield the standing alerts that were posted between two moments, in their order, a page at a time."""
    span = {"from_at": as_text(from_at), "to_at": as_text(to_at)}
    async for rows in paged(tx, "alerts.posted", page=page, after={"after": ("no", 0)}, **span):
        yield [_alert(row) for row in rows]


async def replace_crossings(
    tx: Transaction, patients: Sequence[str], crossings: Sequence[Crossing], *, noticed_on: date
) -> None:
    """Let these be the crossings of these patients; one that was known keeps the day on which it was noticed."""
    await replacing.replace(tx, _CROSSINGS, patients, crossings, noticed_on.isoformat())


async def noticed(
    tx: Transaction, *, from_on: date, today: date, raised_from: date, page: int = 1000
) -> AsyncIterator[Sequence[Noticed]]:
    """Yield what was noticed from a day on and before today, by prescriber and day, a page at a time."""
    pages = paged(
        tx, "alerts.noticed", page=page,
        after={"after_prescriber": ("prescriber", ""), "after_on": ("noticed_on", "")},
        from_on=from_on.isoformat(), today=today.isoformat(), raised_from=raised_from.isoformat(),
    )  # fmt: skip
    async for rows in pages:
        yield [Noticed(row["prescriber"], as_date(row["noticed_on"]), row["alerts"]) for row in rows]
