"""A submission after the store's checks: the records to store, marked, and the report with all faults (R46, R47)."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from handlers.reading import Detail, ReadSubmission, Run
from handlers.reading_list import VERSION
from handlers.screening import UNKNOWN_KEPT_OUT, UNKNOWN_VOIDED, Screen, Source
from messages.asap.faults import Finding, Ledger, pharmacy_told, printable
from messages.asap.report import FileReport
from messages.asap.severities import CheckRules
from messages.record_layout import in_json
from store.dispensations import Content, marked
from store.submissions import OpenError, known_by


@dataclass(frozen=True, slots=True)
class StoredRun:
    """Records of one pharmacy and one status that follow one another and are to take effect; ``lines`` is where each stands."""

    pharmacy: int
    status: str
    contents: Sequence[Content]
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class Screened:
    """A submission after all its checks. ``barred`` are the pharmacies of which nothing is taken."""

    report: FileReport
    runs: tuple[StoredRun, ...]
    errors: tuple[OpenError, ...]
    barred: frozenset[int]


class _Screening:
    def __init__(self, read: ReadSubmission, screen: Screen, sources: Sequence[Source]) -> None:
        self._read, self._screen, self._sources = read, screen, sources
        self.ledger = _ledger_behind(read.report, read.rules)
        self._judged = cache(self._judge)
        self.errors = list(read.errors)
        self.with_errors = [0] * len(sources)
        self.with_warnings = [0] * len(sources)

    def pharmacies(self) -> frozenset[int]:
        """Note what is wrong with the pharmacies; return those barred by it (R21, R61)."""
        barred = set()
        for pharmacy, source in zip(self._read.pharmacies, self._sources, strict=True):
            if source.finding is not None and pharmacy.is_valid:
                fault = self.ledger.note(self._named(source.finding), pharmacy.line, pharmacy=pharmacy.told)
                if fault is not None and fault.severity == "error":
                    barred.add(pharmacy.index)
        return frozenset(barred)

    def forget_errors_of(self, barred: frozenset[int]) -> None:
        """A submitter that may not send for a pharmacy cannot correct its records: it is not reminded of them (R47, R61)."""
        foreign = {
            one.dea or one.npi or one.ncpdp
            for one, source in zip(self._read.pharmacies, self._sources, strict=True)
            if one.index in barred and source.is_foreign
        }
        if foreign:
            self.errors = [error for error in self.errors if error.dispenser not in foreign]

    def run(self, run: Run) -> StoredRun:
        """Screen the records of a run; a void only says which record is withdrawn, and is asked nothing."""
        if run.status == "void":
            return StoredRun(run.pharmacy, run.status, run.contents, run.lines)
        is_new = run.status == "new"
        days = {detail.dispensed_on for detail in run.details}
        if is_new and self._screen.is_silent(days, self._sources[run.pharmacy]):
            return StoredRun(run.pharmacy, run.status, run.contents, run.lines)
        records = zip(run.contents, run.lines, run.details, strict=True)
        kept = (self._record(run.pharmacy, *record, is_new=is_new) for record in records)
        good = [(content, line) for content, line in zip(kept, run.lines, strict=True) if content is not None]
        return StoredRun(
            run.pharmacy, run.status, [content for content, _ in good], array("L", [line for _, line in good])
        )

    def bar(self, run: Run) -> None:
        """Count the records of a barred pharmacy as in error."""
        self.with_errors[run.pharmacy] += len(run.contents)
        self.with_warnings[run.pharmacy] -= sum(bool(content.warnings) for content in run.contents)
        if not self._sources[run.pharmacy].is_foreign:
            self.errors += [_open_error(content, "R21") for content in run.contents]

    def _record(self, pharmacy: int, content: Content, line: int, detail: Detail, *, is_new: bool) -> Content | None:
        marks, findings = self._screen.record(content, detail, self._sources[pharmacy], is_new=is_new)
        if not findings:
            return marked(content, marks, content.warnings) if marks else content
        warnings, errors = self._judged(tuple(findings))
        self._tell(findings, pharmacy, content, line)
        if errors:
            self._keep_out(pharmacy, content, errors)
            return None
        if content.warnings:
            warnings = f"{content.warnings} {warnings}".strip()
        else:
            self.with_warnings[pharmacy] += bool(warnings)
        return marked(content, marks, warnings)

    def _judge(self, findings: tuple[Finding, ...]) -> tuple[str, str]:
        """Give the checks among these that are warnings, and those that are errors."""
        severities = [(finding.check, self._read.rules.severity(finding.check)) for finding in findings]
        return (
            " ".join(check.partition(".")[0] for check, severity in severities if severity == "warning"),
            " ".join(check.partition(".")[0] for check, severity in severities if severity == "error"),
        )

    def _tell(self, findings: Sequence[Finding], pharmacy: int, content: Content, line: int) -> None:
        for finding in findings:
            if self.ledger.lists(finding):
                self.ledger.note(
                    self._named(finding),
                    self._line(finding, line),
                    pharmacy=self._read.pharmacies[pharmacy].told,
                    prescription=printable(content.prescription_number),
                    fill_date=content.filled_on,
                )
            else:  # a late file has as many of these as records
                self.ledger.count(finding)

    def _line(self, finding: Finding, line: int) -> int:
        """Give where the finding stands: in a file its record's ingredients follow behind DSP and PRE."""
        if finding.ingredient is None or self._read.report.version == VERSION:
            return line
        return line + 2 + finding.ingredient

    def _keep_out(self, pharmacy: int, content: Content, checks: str) -> None:
        self.with_errors[pharmacy] += 1
        self.with_warnings[pharmacy] -= bool(content.warnings)
        self.errors.append(_open_error(content, checks))

    def _named(self, finding: Finding) -> Finding:
        return named(finding, self._read.report)


def _open_error(content: Content, checks: str) -> OpenError:
    return OpenError(*known_by(content), checks)


def screened(read: ReadSubmission, screen: Screen, sources: Sequence[Source]) -> Screened:
    """Give what is to be stored, and the report on all of it; the counts still add up."""
    screening = _Screening(read, screen, sources)
    barred = screening.pharmacies()
    screening.forget_errors_of(barred)
    runs = []
    for run in read.runs:
        if run.pharmacy in barred:
            screening.bar(run)
        else:
            runs.append(screening.run(run))
    report = _recounted(read.report, screening.with_errors, screening.with_warnings)
    report = _with_faults(report, screening.ledger)
    if report.verdict == "test":  # held to every check as in earnest, but nothing of it takes effect (F14)
        return Screened(report, (), (), barred)
    return Screened(report, tuple(runs), tuple(screening.errors), barred)


def with_unknown(after: Screened, rules: CheckRules, unknown: Sequence[tuple[int, Finding, Content, int]]) -> Screened:
    """Give it with what the store did not know to revise or void; such a revision may be kept out (R29 of the checks, R49)."""
    if not unknown:
        return after
    ledger = _ledger_behind(after.report, rules)
    warned, kept_out = [0] * len(after.report.pharmacies), [0] * len(after.report.pharmacies)
    errors = list(after.errors)
    for pharmacy, finding, content, line in unknown:
        of = after.report.pharmacies[pharmacy]
        fault = ledger.note(
            named(finding, after.report),
            line,
            pharmacy=pharmacy_told(of.dea, of.ncpdp, of.npi),
            prescription=printable(content.prescription_number),
            fill_date=content.filled_on,
        )
        if finding is UNKNOWN_KEPT_OUT:
            kept_out[pharmacy] += 1
            warned[pharmacy] -= bool(content.warnings)
            errors.append(_open_error(content, "R29"))
        else:
            warned[pharmacy] += fault is not None and finding is not UNKNOWN_VOIDED and not content.warnings
    report = _with_faults(_recounted(after.report, kept_out, warned), ledger)
    return replace(after, report=report, errors=tuple(errors))


def with_void_findings(report: FileReport, rules: CheckRules, findings: Sequence[Finding]) -> FileReport:
    """Give the report of a transaction's void with what kept it from withdrawing all of it (R29 of the checks, R49, R61)."""
    ledger = _ledger_behind(report, rules)
    for finding in findings:
        ledger.note(finding, 1)
    return _with_faults(report, ledger)


def _ledger_behind(report: FileReport, rules: CheckRules) -> Ledger:
    """Give a ledger that goes on where the report's own faults end."""
    return Ledger(rules, report.faults, report.faults_total)


def _with_faults(report: FileReport, ledger: Ledger) -> FileReport:
    return replace(report, faults=ledger.listed, faults_total=ledger.total)


def _recounted(report: FileReport, errors: Sequence[int], warnings: Sequence[int]) -> FileReport:
    """Give the report with so many more records in error, and so many more with warnings, of each pharmacy."""
    return replace(
        report,
        pharmacies=tuple(
            replace(
                counts,
                valid=counts.valid - wrong,
                with_errors=counts.with_errors + wrong,
                with_warnings=counts.with_warnings + warned,
            )
            for counts, wrong, warned in zip(report.pharmacies, errors, warnings, strict=True)
        ),
    )


def named(finding: Finding, report: FileReport) -> Finding:
    """Give the finding by the names of the submission's own form: ASAP's, or JSON's."""
    return in_json(finding) if report.version == VERSION else finding
