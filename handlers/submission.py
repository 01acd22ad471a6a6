"""An ASAP file becomes rows and a report: read before the transaction, stored inside it (R45–R50)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from pydantic import JsonValue

from handlers.rules.policy import Policy
from messages.asap.faults import Fault
from messages.asap.reader import Reading
from messages.asap.report import FileReport
from messages.asap.severities import CheckRules
from messages.asap.values import Pharmacy, Record, Status, ZeroReport
from store import dispensations
from store.contract import Transaction
from store.dispensations import Content, Counts


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one pharmacy and one status that follow one another in the file."""

    pharmacy: int
    status: Status
    contents: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file, read and checked; nothing of it is stored yet."""

    report: FileReport
    control_number: str
    pharmacies: tuple[Pharmacy, ...]
    zero_reports: tuple[ZeroReport, ...]
    runs: tuple[Run, ...]


def read_file(body: bytes, today: date, policy: Policy) -> ReadFile:
    """Read a file with the programme's checks; records at fault are left out of the runs, a test file's all."""
    reading = Reading(body, CheckRules(today=today, severities=policy.check_severities))
    kept: list[tuple[int, Status, Content]] = []
    received_on = today.isoformat()
    for chunk in reading.chunks():
        kept += [(r.pharmacy, r.status, _content(r, received_on)) for r in chunk if r.is_valid]
    report = reading.report()
    if report.verdict == "test":
        kept.clear()
    runs = tuple(
        Run(pharmacy, status, tuple(content for _, _, content in group))
        for (pharmacy, status), group in groupby(kept, key=lambda one: one[:2])
    )
    zero_reports = () if report.verdict == "test" else tuple(z for z in reading.zero_reports if z.is_valid)
    control_number = reading.header.control_number if reading.header else ""
    return ReadFile(report, control_number, tuple(reading.pharmacies), zero_reports, runs)


def _content(record: Record, received_on: str) -> Content:
    return Content(
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
        record.pre[2],
        record.pre[1],
        record.pat[7],
        record.pat[8],
        record.born_on,
        record.pat[19],
        record.pat[16],
        record.pat[20],
        record.dsp[16],
        record.text,
        " ".join(fault.check for fault in record.faults) if record.faults else "",
    )


async def store_runs(tx: Transaction, read: ReadFile, *, now: datetime, seq: int) -> list[Counts]:
    """Let the records take effect in the order of the file; return what became of them, per pharmacy."""
    counts = [Counts() for _ in read.pharmacies]
    for run in read.runs:
        of = counts[run.pharmacy]
        if run.status == "new":
            await dispensations.store_new(tx, run.contents, now=now, seq=seq, counts=of)
            continue
        change = dispensations.revise if run.status == "revise" else dispensations.void
        for content in run.contents:
            await change(tx, content, now=now, seq=seq, counts=of)
    return counts


def result_of(report: FileReport, counts: Sequence[Counts]) -> dict[str, JsonValue]:
    """Give the report with what became of the records, in the shape that senders rely on (R47)."""
    pharmacies: list[JsonValue] = []
    for number, block in enumerate(report.pharmacies):
        of = counts[number] if number < len(counts) else Counts()
        became: dict[str, JsonValue] = {name: getattr(of, name) for name in Counts.__slots__}
        pharmacies.append({**block.as_json(), **became})
    return {
        "version": report.version,
        "transaction": report.transaction,
        "verdict": report.verdict,
        "pharmacies": pharmacies,
        "faults": [dict(fault.as_json()) for fault in report.faults],
        "faults_total": report.faults_total,
    }


def mailed_pharmacies(report: FileReport, counts: Sequence[Counts]) -> list[JsonValue]:
    """Give the counts per pharmacy as the status report shows them."""
    return [
        {
            "label": _label(block.dea, block.ncpdp, block.npi),
            "total": block.total,
            "with_warnings": block.with_warnings,
            "with_errors": block.with_errors,
            **{name: getattr(of, name) for name in Counts.__slots__},
        }
        for block, of in zip(report.pharmacies, counts, strict=True)
    ]


def mailed_faults(faults: Sequence[Fault]) -> list[JsonValue]:
    """Give the faults as e-mails show them: never a patient's name (R47)."""
    return [
        {
            "check": fault.check,
            "severity": fault.severity,
            "message": fault.message,
            **{
                name: value
                for name, value in (
                    ("prescription", fault.prescription),
                    ("segment", fault.segment),
                    ("field", fault.field),
                    ("fill_date", fault.fill_date),
                )
                if value
            },
        }
        for fault in faults
    ]


def pharmacy_label(pharmacy: Pharmacy) -> str:
    """Name a pharmacy by the identifiers it gave."""
    return _label(pharmacy.dea, pharmacy.ncpdp, pharmacy.npi)


def _label(dea: str, ncpdp: str, npi: str) -> str:
    given = [f"{name} {value}" for name, value in (("DEA", dea), ("NCPDP", ncpdp), ("NPI", npi)) if value]
    return " · ".join(given) or "no identifier"
