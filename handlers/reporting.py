"""What a submitter is told of a submission: the answer's result, and the reports by e-mail (R46, R47)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import JsonValue

from handlers.reading import ReadSubmission
from handlers.screened import Screened
from handlers.work import Programme, Work
from messages.asap.faults import Fault
from messages.asap.report import FileReport
from messages.asap.values import Pharmacy
from store.dispensations import Counts


def result_of(report: FileReport, counts: Sequence[Counts]) -> dict[str, JsonValue]:
    """Give the report with what became of the records, in the shape that senders rely on (R47)."""
    pharmacies: list[JsonValue] = []
    for number, block in enumerate(report.pharmacies):
        of = counts[number] if number < len(counts) else Counts()
        pharmacies.append({**block.as_json(), **of.by_name()})
    of_all: dict[str, JsonValue] = {}
    if report.verdict == "void" and counts:  # of a whole transaction: told once, not by pharmacy
        of_all = {"voided": counts[0].voided, "voids_not_found": counts[0].voids_not_found}
    return {
        "version": report.version,
        "transaction": report.transaction,
        "verdict": report.verdict,
        "pharmacies": pharmacies,
        "faults": [dict(fault.as_json()) for fault in report.faults],
        "faults_total": report.faults_total,
        **of_all,
    }


def tell_submitter(
    work: Work[Any, Any], read: ReadSubmission, after: Screened, counts: Sequence[Counts], *, file_name: str
) -> None:
    """The submitter is told by e-mail: failed, the counts, or a zero report's confirmation (R46, R47)."""
    report = after.report
    file = _file(work, file_name, report.transaction)
    faults: dict[str, JsonValue] = {"faults_total": report.faults_total, "faults": _mailed_faults(report.faults)}
    for address in submitter_of(work.programme, work.envelope.sender):
        if report.verdict == "failed":
            work.notify("submission.failed", address, file | faults, occasion=str(work.seq))
            continue
        for zero in read.zero_reports:
            if zero.pharmacy in after.barred:
                continue
            facts: dict[str, JsonValue] = {
                "file": file_name or read.control_number,
                "pharmacy": _pharmacy_label(read.pharmacies[zero.pharmacy]),
                "period": f"{_day(zero.begins_on)} to {_day(zero.ends_on)}",
                "received_at_text": file["received_at_text"],
            }
            work.notify("submission.zero_report", address, facts, occasion=f"{work.seq}:{zero.line}")
        # A zero report at fault is not confirmed: its sender learns why.
        if report.verdict != "zero_report" or any(fault.severity == "error" for fault in report.faults):
            facts = file | faults | {"pharmacies": _mailed_pharmacies(report, counts)}
            work.notify("submission.status_report", address, facts, occasion=str(work.seq))


def _file(work: Work[Any, Any], file_name: str, transaction: str | None) -> dict[str, JsonValue]:
    received = work.now.astimezone(work.policy.zone).strftime("%B %-d, %Y, %-I:%M %p %Z")
    file: dict[str, JsonValue] = {"received_at_text": received}
    if file_name:
        file["file_name"] = file_name
    if transaction:
        file["transaction"] = transaction
    return file


def submitter_of(programme: Programme, sender: str) -> Sequence[str]:
    """Return where a sender's reports go; an unknown sender's go to the administrators."""
    address = programme.submitters.get(sender)
    return (address,) if address else programme.administrators


def _mailed_pharmacies(report: FileReport, counts: Sequence[Counts]) -> list[JsonValue]:
    if report.verdict == "void":
        (of,) = counts
        whole: dict[str, JsonValue] = {"label": f"All that transaction {report.transaction} brought", "with_errors": 0}
        return [{**whole, **of.by_name(), "total": of.voided + of.voids_not_found, "with_warnings": 0}]
    return [
        {
            "label": label(block.dea, block.ncpdp, block.npi),
            "total": block.total,
            "with_warnings": block.with_warnings,
            "with_errors": block.with_errors,
            **({"checked": block.valid} if report.verdict == "test" else {}),
            **of.by_name(),
        }
        for block, of in zip(report.pharmacies, counts, strict=True)
    ]


def _mailed_faults(faults: Sequence[Fault]) -> list[JsonValue]:
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
                    ("line", fault.line),
                )
                if value
            },
        }
        for fault in faults
    ]


def _day(day: str) -> str:
    return f"{date.fromisoformat(day):%B %-d, %Y}"


def _pharmacy_label(pharmacy: Pharmacy) -> str:
    return label(pharmacy.dea, pharmacy.ncpdp, pharmacy.npi)


def label(dea: str, ncpdp: str, npi: str) -> str:
    """Name a pharmacy by the identifiers it gave."""
    given = [f"{name} {value}" for name, value in (("DEA", dea), ("NCPDP", ncpdp), ("NPI", npi)) if value]
    return " · ".join(given) or "no identifier"
