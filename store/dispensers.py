"""Dispensers: who must report, through whom, how far each has reported, and who is exempt (R40–R43, R61)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from store.contract import Row, Transaction, as_date
from store.paging import paged

Kind = Literal["pharmacy", "practitioner", "veterinarian"]
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
    state: Literal["active", "closed"] = "active"
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
    """A dispenser that has not reported beyond ``covered_to``."""

    dispenser: str
    name: str
    kind: Kind
    dea: str
    npi: str
    ncpdp: str
    contact_email: str
    covered_to: date


async def register(tx: Transaction, one: Dispenser, *, on: date, seq: int) -> None:
    """Keep a dispenser's particulars; what stood there before is replaced, how far it reported is not."""
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
    exemptions: dict[str, list[Exemption]] = {}
    for row in await tx.rows("dispensers.exemptions", dispensers=keys):
        exemptions.setdefault(row["dispenser"], []).append(Exemption(row["reason"], row["from_on"], row["to_on"]))
    return {row["number"]: _dispenser(row, exemptions.get(row["dispenser"], ())) for row in rows}


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


async def close(tx: Transaction, dispenser: str, *, closed_on: date) -> bool:
    """Expect nothing of a dispenser any more; False when it had closed before."""
    return await tx.run("dispensers.close", dispenser=dispenser, closed_on=closed_on.isoformat()) > 0


async def overdue(
    tx: Transaction, kind: Kind, *, covered_to: date, today: date, page: int = 1000
) -> AsyncIterator[Sequence[Behind]]:
    """Yield active dispensers of a kind that are covered no further than a day, a page at a time (R42).

    Those under a standing exemption today are left out. One that has ended covers up to its last day.
    """
    after = {"after_day": ("covered_to", ""), "after": ("dispenser", "")}
    day = covered_to.isoformat()
    async for rows in paged(tx, "dispensers.behind", page=page, after=after, kind=kind, covered_to=day):
        exempt_to = await _exempt_to(tx, rows, today)
        behind = [_behind(row, max(row["covered_to"], exempt_to.get(row["dispenser"], ""))) for row in rows]
        yield [one for one in behind if one.covered_to <= covered_to]


async def _exempt_to(tx: Transaction, rows: Sequence[Row], today: date) -> dict[str, str]:
    """Return up to which day each is covered by exemptions that have begun."""
    if not rows:
        return {}
    keys = json.dumps([row["dispenser"] for row in rows])
    found: dict[str, str] = {}
    for row in await tx.rows("dispensers.exemptions", dispensers=keys):
        if row["from_on"] <= today.isoformat():
            found[row["dispenser"]] = max(found.get(row["dispenser"], ""), row["to_on"])
    return found


def _dispenser(row: Row, exemptions: Sequence[Exemption]) -> Dispenser:
    return Dispenser(
        row["dispenser"], row["name"], row["kind"], row["facility"], row["dea"], row["npi"], row["ncpdp"],
        row["contact_email"], tuple(json.loads(row["submitters"])), row["state"], tuple(exemptions),
    )  # fmt: skip


def _behind(row: Row, covered_to: str) -> Behind:
    return Behind(
        row["dispenser"], row["name"], row["kind"], row["dea"], row["npi"], row["ncpdp"], row["contact_email"],
        as_date(covered_to),
    )  # fmt: skip
