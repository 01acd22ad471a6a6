"""Dispensers: who must report, through whom, how far each has reported, and who is exempt (R40–R43, R61)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from store.contract import Row, Transaction, as_date
from store.paging import paged

Kind = Literal["pharmacy", "practitioner", "veterinarian"]
Period = tuple[date, date]
"""The first day and the last, both included."""
Facility = Literal["", "institutional", "treatment_programme", "licensed_facility"]
_FOR_GOOD: Final = "9999-12-31"


class Exemption(NamedTuple):
    """A standing exemption, both days included (R43)."""

    reason: str
    from_on: str
    to_on: str


@dataclass(frozen=True, slots=True)
class Dispenser:
    """One dispenser as it is registered. ``dispenser`` is the number that it is kept by: DEA, else NPI, else NCPDP."""

    dispenser: str
    name: str
    kind: Kind
    facility: Facility
    dea: str
    npi: str
    ncpdp: str
    contact_email: str
    submitters: tuple[str, ...]
    covered_to: str = ""
    exemptions: tuple[Exemption, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every number it may be named by."""
        return tuple(number for number in (self.dea, self.npi, self.ncpdp) if number)

    def exempt_on(self, day: str) -> str | None:
        """Return the reason of the standing exemption that holds on a day, or None."""
        return next((e.reason for e in self.exemptions if e.from_on <= day <= e.to_on), None)


class Report(NamedTuple):
    """One report of a dispenser, by any of its numbers: up to which day it covers, and on which day it came (R42)."""

    number: str
    covered_to: str
    reported_on: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A dispenser that has submitted nothing beyond ``covered_to``; what else may cover days of it."""

    dispenser: str
    name: str
    kind: Kind
    dea: str
    npi: str
    ncpdp: str
    contact_email: str
    covered_to: date
    closed_on: date | None
    zero_periods: tuple[Period, ...]
    exemptions: tuple[Period, ...]


async def register(tx: Transaction, one: Dispenser, *, on: date, seq: int) -> None:
    """Keep a dispenser's particulars; what stood there before is replaced, how far it reported only of one that has closed."""
    await tx.run(
        "dispensers.put",
        dispenser=one.dispenser, name=one.name, kind=one.kind, facility=one.facility, dea=one.dea, npi=one.npi,
        ncpdp=one.ncpdp, contact_email=one.contact_email, submitters=json.dumps(one.submitters),
        registered_on=on.isoformat(), seq=seq,
    )  # fmt: skip
    await tx.run("dispensers.forget_numbers", dispenser=one.dispenser)
    await tx.insert_all("dispensers.put_number", [(number, one.dispenser) for number in one.numbers])


async def among(tx: Transaction, numbers: Collection[str]) -> Mapping[str, Dispenser] | None:
    """Return who has these numbers, with standing exemptions; None when the programme keeps no register."""
    rows = await tx.rows("dispensers.among", numbers=json.dumps(sorted(numbers)))
    if not rows:
        return None if await tx.row("dispensers.any") is None else {}
    keys = json.dumps(sorted({row["dispenser"] for row in rows}))
    exemptions = defaultdict(list)
    for row in await tx.rows("dispensers.exemptions", dispensers=keys):
        exemptions[row["dispenser"]].append(Exemption(row["reason"], row["from_on"], row["to_on"]))
    return {row["number"]: _dispenser(row, exemptions[row["dispenser"]]) for row in rows}


async def one(tx: Transaction, number: str) -> Dispenser | None:
    """Return who has a number, or None."""
    return ((await among(tx, [number])) or {}).get(number)


async def report_all(tx: Transaction, reports: Sequence[Report]) -> None:
    """Note how far dispensers have reported; what was known to be covered stays so, and unknown numbers are let pass."""
    if reports:
        await tx.run("dispensers.reported", reports=json.dumps(reports))


async def exempt(tx: Transaction, dispenser: str, *, reason: str, from_on: date, to_on: date | None, seq: int) -> None:
    """Keep a standing exemption (R43)."""
    await tx.run(
        "dispensers.exempt",
        dispenser=dispenser,
        reason=reason,
        from_on=from_on.isoformat(),
        to_on=to_on.isoformat() if to_on else _FOR_GOOD,
        seq=seq,
    )


async def end_exemption(tx: Transaction, dispenser: str, *, ended_on: date) -> bool:
    """Let exemptions hold up to a day and no longer; False when none held beyond it."""
    return await tx.run("dispensers.end_exemption", dispenser=dispenser, ended_on=ended_on.isoformat()) > 0


async def close(tx: Transaction, dispenser: str, *, closed_on: date, today: date) -> bool:
    """Expect reports of a dispenser up to a day and no longer; False when it has closed."""
    days = {"closed_on": closed_on.isoformat(), "today": today.isoformat()}
    return await tx.run("dispensers.close", dispenser=dispenser, **days) > 0


async def zero_periods(tx: Transaction, dispensers: Collection[str]) -> Mapping[str, Sequence[Period]]:
    """Return, by dispenser, the periods of zero reports that reach beyond what is known to be covered (R42)."""
    found = defaultdict(list)
    for row in await tx.rows("dispensers.zero_periods", dispensers=json.dumps(sorted(dispensers))):
        found[row["dispenser"]].append((as_date(row["period_from"]), as_date(row["period_to"])))
    return found


async def behind(tx: Transaction, kind: Kind, *, covered_to: date, page: int = 1000) -> AsyncIterator[Sequence[Behind]]:
    """Yield dispensers of a kind that have submitted nothing beyond a day, a page at a time (R42).

    Those are left out who had reported up to the day on which they closed.
    """
    after = {"after_day": ("covered_to", ""), "after": ("dispenser", "")}
    day = covered_to.isoformat()
    async for rows in paged(tx, "dispensers.behind", page=page, after=after, kind=kind, covered_to=day):
        names = [row["dispenser"] for row in rows]
        zeros, exemptions = await zero_periods(tx, names), defaultdict(list)
        for row in await tx.rows("dispensers.exemptions", dispensers=json.dumps(names)):
            exemptions[row["dispenser"]].append((as_date(row["from_on"]), as_date(row["to_on"])))
        yield [_behind(row, zeros.get(row["dispenser"], ()), exemptions[row["dispenser"]]) for row in rows]


def _dispenser(row: Row, exemptions: Sequence[Exemption]) -> Dispenser:
    return Dispenser(
        row["dispenser"], row["name"], row["kind"], row["facility"], row["dea"], row["npi"], row["ncpdp"],
        row["contact_email"], tuple(json.loads(row["submitters"])), row["covered_to"], tuple(exemptions),
    )  # fmt: skip


def _behind(row: Row, zeros: Sequence[Period], exemptions: Sequence[Period]) -> Behind:
    return Behind(
        row["dispenser"], row["name"], row["kind"], row["dea"], row["npi"], row["ncpdp"], row["contact_email"],
        as_date(row["covered_to"]), as_date(row["closed_on"]) if row["closed_on"] else None, tuple(zeros), tuple(exemptions),
    )  # fmt: skip
