"""What a submitter is told of a submission: the answer's result, and the reports by e-mail (R46, R47)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from handlers.reading import ReadSubmission
from handlers.rules.wording import told_at
from handlers.screened import Screened
from handlers.work import Programme, Work
from messages.asap.faults import Fault
from messages.asap.report import FileReport, PharmacyCounts
from messages.asap.values import Pharmacy
from store.dispensations import Counts

_PHARMACIES_MAX = 5000
"""As many rows as a notice's list may have (notifier/facts.py); no submitter in the country reports for more."""


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
    """The submitter is told by e-mail: failed, the counts, or that zero reports were taken (R46, R47)."""
    report = after.report
    file = _file(work, file_name, report.transaction)
    faults: dict[str, JsonValue] = {
        "faults_total": report.faults_total,
        "faults": _mailed_faults(report.faults, are_many=len(report.pharmacies) > 1),
    }
    confirmed = _confirmed(read, after)
    for address in submitter_of(work.programme, work.envelope.sender):
        if report.verdict == "failed":
            work.notify("submission.failed", address, file | faults, occasion=str(work.seq))
            continue
        if confirmed:
            work.notify("submission.zero_report", address, file | _some(confirmed), occasion=str(work.seq))
        # A zero report at fault is not confirmed: its sender learns why.
        if report.verdict != "zero_report" or any(fault.severity == "error" for fault in report.faults):
            facts = file | faults | _mailed_counts(report, counts)
            work.notify("submission.status_report", address, facts, occasion=str(work.seq))


def _file(work: Work[Any, Any], file_name: str, transaction: str | None) -> dict[str, JsonValue]:
    file: dict[str, JsonValue] = {"received_at_text": told_at(work.handed_in_at, work.policy)}
    if file_name:
        file["file_name"] = file_name
    if transaction:
        file["transaction"] = transaction
    return file


def submitter_of(programme: Programme, sender: str) -> Sequence[str]:
    """Return where a sender's reports go; an unknown sender's go to the administrators."""
    address = programme.submitters.get(sender)
    return (address,) if address else programme.administrators


def _confirmed(read: ReadSubmission, after: Screened) -> list[JsonValue]:
    """Give the zero reports that count: whose, and from which day to which (R42)."""
    return [
        {**_identified(read.pharmacies[zero.pharmacy]), "begins_on": zero.begins_on, "ends_on": zero.ends_on}
        for zero in read.zero_reports
        if zero.pharmacy not in after.barred
    ]


def _mailed_counts(report: FileReport, counts: Sequence[Counts]) -> dict[str, JsonValue]:
    """Give what became of the submission, in all and by pharmacy; a pharmacy without records has nothing to count."""
    if report.verdict == "void":
        (of,) = counts
        outcome = "void_unknown" if of.voids_not_found else "voided"
        return {"outcome": outcome, "voided": of.voided, "in_all": [], **_some([])}
    outcome = "test" if report.verdict == "test" else "processed"
    pharmacies: list[JsonValue] = []
    in_all: dict[str, int] = {}
    for block, of in zip(report.pharmacies, counts, strict=True):
        numbers = {
            "total": block.total,
            "without_errors": block.valid,
            "with_warnings": block.with_warnings,
            "with_errors": block.with_errors,
            **of.by_name(),
        }
        in_all = {name: in_all.get(name, 0) + number for name, number in numbers.items()}
        if block.total:
            pharmacies.append({**_identified(block), **numbers})
    return {
        "outcome": outcome,
        "in_all": [dict(in_all)] if pharmacies else [],
        **_some(pharmacies),
    }


def _identified(one: Pharmacy | PharmacyCounts) -> dict[str, JsonValue]:
    return {name: getattr(one, name) for name in ("dea", "ncpdp", "npi") if getattr(one, name)}


def _some(pharmacies: list[JsonValue]) -> dict[str, JsonValue]:
    """Give as many as an e-mail's facts may hold, and their true number."""
    return {"pharmacies": pharmacies[:_PHARMACIES_MAX], "pharmacies_total": len(pharmacies)}


def _mailed_faults(faults: Sequence[Fault], *, are_many: bool) -> list[JsonValue]:
    """Give the faults as e-mails show them, by pharmacy where there ``are_many``: never a patient's name (R47)."""
    return [
        {
            "check": fault.check,
            "severity": fault.severity,
            "message": fault.message,
            **{
                name: value
                for name, value in (
                    ("pharmacy", fault.pharmacy if are_many else None),
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


def label(dea: str, ncpdp: str, npi: str) -> str:
    """Name a pharmacy by the identifiers it gave."""
    given = [f"{name} {value}" for name, value in (("DEA", dea), ("NCPDP", ncpdp), ("NPI", npi)) if value]
    return " · ".join(given) or "no identifier"
