"""Dispensation: files and records take effect once by their identity, and their senders learn what became of them (R45–R50)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import groupby

from pydantic import JsonValue

from handlers.outcomes import Done, Outcome
from handlers.reading import Detail, ReadSubmission, check_rules, read_file
from handlers.reading_list import read_list
from handlers.registry import Setting
from handlers.rules.records import RecordChecks, dispensed_on, dispenser_findings, numbers_of
from handlers.screening import UNKNOWN_KEPT_OUT, UNKNOWN_VOIDED, Screen, open_screen, stores_unknown, unknown_revised
from handlers.submission import refused, report_of, take, unknown_dispenser
from handlers.work import Work
from messages.asap.faults import Finding
from messages.asap.severities import CheckRules
from messages.dispensation import (
    DispensationFileSubmitted,
    DispensationRecordsSubmitted,
    DispensationRecordSubmitted,
)
from messages.record_layout import in_json
from store import dispensations, dispensers, submissions
from store.contract import as_text
from store.dispensations import Content, Counts, marked
from store.dispensers import Report

RecordWork = Work[DispensationRecordSubmitted, None]


def prepare_file_submitted(message: DispensationFileSubmitted, setting: Setting) -> ReadSubmission:
    """Read and check the file before any lock is taken."""
    return read_file(message.body, setting.handed_in_at, setting.programme.policy)


async def file_submitted(work: Work[DispensationFileSubmitted, ReadSubmission]) -> Outcome:
    """See submission.take."""
    return await take(work, work.prepared, file_name=work.message.file_name, body_bytes=len(work.message.body))


def prepare_records_submitted(message: DispensationRecordsSubmitted, setting: Setting) -> ReadSubmission:
    """Check the records before any lock is taken."""
    return read_list(message, setting.handed_in_at, setting.programme.policy)


async def records_submitted(work: Work[DispensationRecordsSubmitted, ReadSubmission]) -> Outcome:
    """The records are taken as a file's; the answer's faults name each that was not stored (R45–R49)."""
    return await take(work, work.prepared, file_name="", body_bytes=len(work.envelope.body))


async def record_submitted_all(works: Sequence[RecordWork]) -> list[Outcome]:
    """Each record is stored, revised, voided or a duplicate; one at fault is refused with its check's id (R45–R49)."""
    batch = await _Batch.open(works)
    outcomes: dict[int, Outcome] = {}
    good: list[Taken] = []
    for work in works:
        checked = batch.checked(work)
        if isinstance(checked, Taken):
            good.append(checked)
        else:
            outcomes[work.seq] = checked
    for status, group in groupby(good, key=lambda taken: taken.work.message.status):
        run = list(group)
        if status == "new" and await _all_new(run):
            outcomes |= {taken.work.seq: taken.became("stored") for taken in run}
            continue
        for taken in run:
            outcomes[taken.work.seq] = await _one_record(taken)
    await batch.note([taken for taken in good if isinstance(outcomes[taken.work.seq], Done)])
    return [outcomes[work.seq] for work in works]


class Taken:
    """A record that passed all checks, and the warnings that its sender is told."""

    __slots__ = ("_rules", "_warnings", "content", "report", "work")

    def __init__(
        self,
        work: RecordWork,
        content: Content,
        warnings: Sequence[Finding],
        rules: CheckRules,
        report: Report | None,
    ) -> None:
        self.work, self.content, self._warnings, self._rules, self.report = work, content, warnings, rules, report

    @property
    def stores_unknown(self) -> bool:
        """Whether a revision of an unknown record is stored as new (R29 of the checks)."""
        return stores_unknown(self._rules)

    def became(self, verdict: str) -> Outcome:
        """Tell what became of it; a revision or void of an unknown record as grave as R29 of the checks is set."""
        unknown: Finding | None = None
        if verdict == "void_not_found":
            unknown = UNKNOWN_VOIDED
        elif verdict in ("stored", "kept_out") and self.work.message.status == "revise":
            unknown = unknown_revised(self._rules, self.content)
        if unknown is UNKNOWN_KEPT_OUT:
            return refused([in_json(unknown)])
        told: dict[str, list[JsonValue]] = {"warning": [_told(finding) for finding in self._warnings]}
        if unknown is not None:
            told.setdefault(self._rules.severity("R29"), []).append(_told(unknown))
        result: dict[str, JsonValue] = {"verdict": verdict}
        result |= {f"{severity}s": told[severity] for severity in ("warning", "error") if told.get(severity)}
        return Done(result)


class _Batch:
    """What all records of one transaction are checked by."""

    def __init__(self, rules: CheckRules, checks: RecordChecks, screen: Screen) -> None:
        self._rules, self._checks, self._screen = rules, checks, screen
        self._as_text = cache(as_text)

    @classmethod
    async def open(cls, works: Sequence[RecordWork]) -> _Batch:
        """Ask the store once for all of them."""
        first = works[0]
        rules = check_rules(first.policy, first.handed_in_on)
        checks = RecordChecks(rules)
        numbers = {number for work in works for number in numbers_of(work.message.dispenser) if number}
        products = {product for work in works for product in checks.products(work.message)}
        screen = await open_screen(first.tx, numbers, products, today=first.handed_in_on, policy=first.policy)
        return cls(rules, checks, screen)

    def checked(self, work: RecordWork) -> Taken | Outcome:
        """Hold a record to every check: it may be taken, or is refused by the first that it fails."""
        record, today = work.message, self._rules.today
        dispenser = record.dispenser
        said = "" if dispenser.details is None else dispenser.details.type or ""
        source = self._screen.source(numbers_of(dispenser), said, work.envelope.sender)
        if source.is_unknown and work.policy.unknown_dispenser_holds:
            return unknown_dispenser(*numbers_of(dispenser))
        created_at = min(work.envelope.sent_at or work.handed_in_at, work.handed_in_at)  # never later (R49)
        content = self._checks.content(record, _original(work), said_at=self._as_text(created_at))
        findings, marks = self._checks.findings(record, content), ""
        if of_dispenser := dispenser_findings(dispenser):
            findings = (*of_dispenser, *findings)
        day = dispensed_on(record)
        if record.status != "void":
            detail = Detail(day, record.patient.location or "", record.treatment_type or "")
            marks, found = self._screen.record(content, detail, source, is_new=record.status == "new")
            findings = (*findings, *found) if found else findings
        if source.finding is not None:
            findings = (*findings, source.finding)
        if findings or marks:
            severities = [(finding, self._rules.severity(finding.check)) for finding in findings]
            errors = [finding for finding, severity in severities if severity == "error"]
            if errors:
                return refused(list(map(in_json, errors)))
            findings = [finding for finding, severity in severities if severity == "warning"]
            content = marked(content, marks, " ".join(finding.check.partition(".")[0] for finding in findings))
        report = None
        if source.known is not None:
            made_on = work.policy.local_date(created_at)
            report = report_of(source.known, made_on=made_on, last_on=day, today=today)
        return Taken(work, content, findings, self._rules, report)

    async def note(self, good: Sequence[Taken]) -> None:
        """Deadlines and open errors are as these records leave them (R42, R47)."""
        if not good:
            return
        first = good[0].work
        await dispensers.report_all(first.tx, [taken.report for taken in good if taken.report is not None])
        named = {taken.content.dispenser for taken in good}
        if await submissions.any_open(first.tx, named, {taken.work.envelope.sender for taken in good}):
            said = [(one.work.envelope.sender, *submissions.known_by(one.content)) for one in good]
            await submissions.correct_all(first.tx, said, now=first.now, seq=first.seq)


def _told(finding: Finding) -> JsonValue:
    said = in_json(finding)
    return {"check": said.check.partition(".")[0], "field": said.field, "text": said.text}


def _original(work: RecordWork) -> str:
    """Return the record as it was sent (R50); a packed one as it reads unpacked."""
    if work.envelope.content_encoding:
        return work.message.model_dump_json(exclude_none=True)
    return work.envelope.body.decode()


async def _all_new(run: Sequence[Taken]) -> bool:
    """Insert a run at once; False when some were known, and each must be asked what became of it."""
    rows = [(*taken.content, taken.work.seq) for taken in run]
    return await run[0].work.tx.insert_all("dispensations.insert", rows) == len(rows)


async def _one_record(taken: Taken) -> Outcome:
    counts, work, content = Counts(), taken.work, taken.content
    match work.message.status:
        case "new":
            if await dispensations.was_brought_by(work.tx, content, work.seq):
                return taken.became("stored")
            await dispensations.store_new(work.tx, [content], now=work.now, seq=work.seq, counts=counts)
        case "revise":
            await dispensations.revise(
                work.tx, content, now=work.now, seq=work.seq, counts=counts, stores_unknown=taken.stores_unknown
            )
        case "void":
            await dispensations.void(work.tx, content, now=work.now, seq=work.seq, counts=counts)
    became = next((name for name in Counts.__slots__ if getattr(counts, name)), "kept_out")
    return taken.became({"duplicates": "duplicate", "voids_not_found": "void_not_found"}.get(became, became))
