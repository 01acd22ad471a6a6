"""A submission is read and checked before its transaction begins (R45, R46)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from handlers.rules.policy import Policy
from messages.asap.faults import Fault
from messages.asap.reader import Reading
from messages.asap.report import FileReport
from messages.asap.severities import CheckRules, Setting
from messages.asap.values import NUMBER_MAX, Header, Memo, Pharmacy, Record, Status, ZeroReport
from messages.identifiers import prescribing_number
from store.contract import as_text
from store.dispensations import Content
from store.submissions import OpenError

_KNOWN_BY = ("PHA01", "PHA02", "PHA03")  # what a dispenser is known by


class Detail(NamedTuple):
    """What the store's checks ask of a record beside what is kept of it."""

    dispensed_on: str
    """The day sold, else filled (R40)."""
    location: str
    """PAT21."""
    treatment: str
    """DSP24."""


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one pharmacy and one status that follow one another, and passed their own checks.

    Columns instead of one object a record: a file has fifty thousand records, and few different details.
    """

    pharmacy: int
    status: Status
    contents: Sequence[Content]
    lines: Sequence[int]
    details: Sequence[Detail]


@dataclass(frozen=True, slots=True)
class ReadSubmission:
    """A submission, read and checked; nothing of it is stored yet.

    ``created_at`` is when its transaction was made (R49), ``content_digest`` what it says (F11); '' when it fails as a whole.
    """

    report: FileReport
    control_number: str
    created_at: str
    content_digest: str
    rules: CheckRules
    pharmacies: tuple[Pharmacy, ...]
    zero_reports: tuple[ZeroReport, ...]
    runs: tuple[Run, ...]
    errors: tuple[OpenError, ...]


_SUBMITTER: Mapping[str, Setting] = MappingProxyType({"accept": "off", "warn": "warning", "refuse": "error"})


def check_rules(policy: Policy, today: date) -> CheckRules:
    """Give the programme's checks for a day; R61 has a setting of its own."""
    submitter: dict[str, Setting] = {"R21.submitter": _SUBMITTER[policy.unregistered_submitter]}
    return CheckRules(
        today=today,
        severities=submitter | policy.check_severities,
        versions=policy.asap_versions,
        ndc_digits=policy.ndc_digits,
        faults_listed=policy.faults_listed_max,
        segments_max=policy.file_segments_max,
        segment_chars_max=policy.segment_chars_max,
        body_bytes_max=policy.file_unpacked_bytes_max,
    )


def file_rules(policy: Policy, now: datetime) -> CheckRules:
    """Give them for a file that is handed in at a moment, to which TH05 and TH06 are held (F12)."""
    here = now.astimezone(policy.zone)
    return replace(check_rules(policy, here.date()), now=here)


def read_file(body: bytes, now: datetime, policy: Policy) -> ReadSubmission:
    """Read a file with the programme's checks; records at fault are left out of the runs."""
    rules = file_rules(policy, now)
    reading = Reading(body, rules)
    created_at = as_text(_created_at(reading.header, now, policy))
    good, errors = _Good(rules.today.isoformat(), created_at), []
    for chunk in reading.chunks():
        for record in chunk:
            if record.is_valid:
                good.add(record)
            else:
                faults = (*record.faults, *reading.pharmacies[record.pharmacy].faults)
                errors.append(open_error(record, faults))
    report = reading.report()
    return ReadSubmission(
        report=report,
        control_number=reading.header.control_number if reading.header else "",
        created_at=created_at,
        content_digest=reading.content_digest,
        rules=rules,
        pharmacies=tuple(reading.pharmacies),
        zero_reports=tuple(zero for zero in reading.zero_reports if zero.is_valid and report.verdict != "test"),
        runs=tuple(good.runs),
        errors=tuple(errors),
    )


def runs_of(kept: Iterable[tuple[int, Status, Content, int, Detail]]) -> tuple[Run, ...]:
    """Put together what follows one another of one pharmacy and one status."""
    runs = []
    for (pharmacy, status), group in groupby(kept, key=lambda one: one[:2]):
        _, _, contents, lines, details = zip(*group, strict=True)
        runs.append(Run(pharmacy, status, contents, lines, details))
    return tuple(runs)


class _Good:
    """The records that passed their own checks, put together in runs as they come by."""

    def __init__(self, received_on: str, created_at: str) -> None:
        self.runs: list[Run] = []
        self._received_on, self._created_at = received_on, created_at
        self._of: tuple[int, Status] | None = None
        self._contents: list[Content] = []
        self._lines = array("L")
        self._details: list[Detail] = []
        self._shared = Memo(str)
        self._detail = cache(Detail)

    def add(self, record: Record) -> None:
        """Keep a record."""
        if (record.pharmacy, record.status) != self._of:
            self._of = record.pharmacy, record.status
            self._contents, self._lines, self._details = [], array("L"), []
            self.runs.append(Run(*self._of, self._contents, self._lines, self._details))
        self._contents.append(self._content(record))
        self._lines.append(record.line)
        treatment = record.dsp[24] if len(record.dsp) > 24 else ""
        self._details.append(self._detail(record.sold_on or record.filled_on, record.pat[21], treatment))

    def _content(self, record: Record) -> Content:
        """Give what is kept of it; a text that many records share is kept once."""
        pat, dsp, pre, shared = record.pat, record.dsp, record.pre, self._shared
        return Content(
            record.dispenser,
            record.prescription_number,
            record.filled_on,
            record.fill_number,
            record.quantity,
            record.partial_fill,
            "active",
            self._received_on,
            record.written_on,
            record.days_supply,
            record.product_id,
            prescribing_number(pre[2], pre[3]) if pre[3] else pre[2],
            pre[1],
            pat[7],
            shared[pat[8]],
            record.born_on,
            pat[19],
            shared[pat[16]],
            shared[pat[20]],
            shared[dsp[16]],
            record.text,
            " ".join(fault.check for fault in record.faults) if record.faults else "",
            1,
            self._created_at,
            "",
            record.ingredients,
        )


def open_error(record: Content | Record, faults: Sequence[Fault], named: Callable[[str], str] = str) -> OpenError:
    """Give what a later record must match to be this one's correction; what is itself at fault matches any.

    ``named`` gives a field of ASAP as the faults name it.
    """
    errors = [fault for fault in faults if fault.severity == "error"]
    fields = {fault.field for fault in errors}

    def unless_wrong(field: str, value: object) -> str:
        return "" if named(field) in fields else str(value)

    return OpenError(
        dispenser="" if fields & set(map(named, _KNOWN_BY)) else record.dispenser,
        prescription_number=record.prescription_number[:NUMBER_MAX],
        filled_on=unless_wrong("DSP05", record.filled_on),
        fill_number=unless_wrong("DSP06", record.fill_number),
        partial_fill=unless_wrong("DSP13", record.partial_fill),
        checks=" ".join(sorted({fault.check for fault in errors})),
    )


def _created_at(header: Header | None, now: datetime, policy: Policy) -> datetime:
    """Return when the transaction was made (TH05, TH06): local time, in 5.0 UTC with a Z; never later than now."""
    made_at = header.made_at(policy.zone) if header else None
    return min(made_at or now, now)
