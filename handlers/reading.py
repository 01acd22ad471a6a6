"""A submission is read and checked before its transaction begins (R45, R46)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from handlers.rules.policy import Policy
from messages.asap.reader import Reading
from messages.asap.report import FileReport
from messages.asap.severities import CheckRules, Setting
from messages.asap.values import Header, Pharmacy, Record, Status, ZeroReport
from messages.identifiers import is_digits
from store.contract import as_text
from store.dispensations import Content
from store.submissions import OpenError


class Detail(NamedTuple):
    """What the store's checks ask of a record beside what is kept of it."""

    line: int
    dispensed_on: str
    """The day sold, else filled (R40)."""
    location: str
    """PAT21."""
    treatment: str
    """DSP24."""


class Item(NamedTuple):
    """One record that passed its own checks."""

    content: Content
    detail: Detail


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one pharmacy and one status that follow one another."""

    pharmacy: int
    status: Status
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class ReadSubmission:
    """A submission, read and checked; nothing of it is stored yet. ``created_at`` is when its transaction was made (R49)."""

    report: FileReport
    control_number: str
    created_at: str
    rules: CheckRules
    pharmacies: tuple[Pharmacy, ...]
    zero_reports: tuple[ZeroReport, ...]
    runs: tuple[Run, ...]
    errors: tuple[OpenError, ...]


_SUBMITTER: Mapping[str, Setting] = MappingProxyType({"accept": "off", "warn": "warning", "refuse": "error"})


def check_rules(policy: Policy, today: date) -> CheckRules:
    """Give the programme's checks for a day; R61 has a setting of its own."""
    submitter: dict[str, Setting] = {"R21.submitter": _SUBMITTER[policy.unregistered_submitter]}
    return CheckRules(today=today, severities=submitter | policy.check_severities)


def read_file(body: bytes, now: datetime, policy: Policy) -> ReadSubmission:
    """Read a file with the programme's checks; records at fault are left out of the runs, a test file's all."""
    today = policy.local_date(now)
    rules = check_rules(policy, today)
    reading = Reading(body, rules)
    created_at = as_text(_created_at(reading.header, now, policy))
    runs: list[Run] = []
    items: list[Item] = []
    of: tuple[int, Status] | None = None
    errors: list[OpenError] = []
    received_on = today.isoformat()
    for chunk in reading.chunks():
        for record in chunk:
            if record.is_valid:
                if of is None or record.status != of[1] or record.pharmacy != of[0]:
                    of, items = (record.pharmacy, record.status), []
                    runs.append(Run(*of, items))
                items.append(_item(record, received_on, created_at))
            else:
                errors.append(_open_error(record, reading.pharmacies[record.pharmacy]))
    report = reading.report()
    if report.verdict == "test":
        runs.clear()
        errors.clear()
    return ReadSubmission(
        report=report,
        control_number=reading.header.control_number if reading.header else "",
        created_at=created_at,
        rules=rules,
        pharmacies=tuple(reading.pharmacies),
        zero_reports=() if report.verdict == "test" else tuple(zero for zero in reading.zero_reports if zero.is_valid),
        runs=tuple(runs),
        errors=tuple(errors),
    )


def runs_of(kept: Iterable[tuple[int, Status, Item]]) -> tuple[Run, ...]:
    """Put together what follows one another of one pharmacy and one status."""
    return tuple(
        Run(pharmacy, status, tuple(item for _, _, item in group))
        for (pharmacy, status), group in groupby(kept, key=lambda one: one[:2])
    )


def _item(record: Record, received_on: str, created_at: str) -> Item:
    pat, dsp, pre = record.pat, record.dsp, record.pre
    content = Content(
        record.dispenser,
        record.prescription_number,
        record.filled_on,
        record.fill_number,
        record.quantity,
        record.partial_fill,
        "active",
        received_on,
        record.written_on,
        record.days_supply,
        record.product_id,
        pre[2],
        pre[1],
        pat[7],
        pat[8],
        record.born_on,
        pat[19],
        pat[16],
        pat[20],
        dsp[16],
        record.text,
        " ".join(fault.check for fault in record.faults) if record.faults else "",
        1,
        created_at,
    )
    treatment = dsp[24] if len(dsp) > 24 else ""
    return Item(content, Detail(record.line, record.sold_on or record.filled_on, pat[21], treatment))


def _open_error(record: Record, pharmacy: Pharmacy) -> OpenError:
    """What a later record must match to be this one's correction; a number or day that is itself at fault matches any."""
    faults = (*record.faults, *pharmacy.faults)
    fields = {fault.field for fault in faults if fault.severity == "error"}
    return OpenError(
        dispenser="" if fields & {"PHA01", "PHA02", "PHA03"} else record.dispenser,
        prescription_number=record.prescription_number,
        filled_on="" if "DSP05" in fields else record.filled_on,
        checks=" ".join(sorted({fault.check for fault in faults if fault.severity == "error"})),
    )


def _created_at(header: Header | None, now: datetime, policy: Policy) -> datetime:
    """Return when the transaction was made (TH05, TH06): local time, in 5.0 UTC with a Z; never later than now."""
    if header is None or not is_digits(header.created_on + header.created_time.removesuffix("Z")):
        return now
    time = header.created_time.removesuffix("Z").ljust(6, "0")
    try:
        written = datetime.strptime(header.created_on + time, "%Y%m%d%H%M%S")  # noqa: DTZ007 - its zone follows
    except ValueError:
        return now
    zone = UTC if header.created_time.endswith("Z") else policy.zone
    return min(written.replace(tzinfo=zone), now)
