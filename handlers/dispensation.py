"""Dispensation: files and records take effect once by their identity, and their senders learn what became of them (R45–R50)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from pydantic import JsonValue

from handlers.outcomes import Done, Outcome, Refuse
from handlers.registry import Setting
from handlers.rules.records import content_of, fault_of
from handlers.submission import (
    ReadFile,
    mailed_faults,
    mailed_pharmacies,
    pharmacy_label,
    read_file,
    result_of,
    store_runs,
)
from handlers.work import Work
from messages.dispensation import DispensationFileSubmitted, DispensationRecordSubmitted
from store import dispensations, submissions
from store.dispensations import Content, Counts

FileWork = Work[DispensationFileSubmitted, ReadFile]
RecordWork = Work[DispensationRecordSubmitted, None]


def prepare_file_submitted(message: DispensationFileSubmitted, setting: Setting) -> ReadFile:
    """Read and check the file before any lock is taken."""
    policy = setting.programme.policy
    return read_file(message.body, policy.local_date(setting.now), policy)


async def file_submitted(work: FileWork) -> Outcome:
    """The file's records are stored and its sender has the report; sent again it changes nothing (F11, R46, R47)."""
    read = work.prepared
    verdict = read.report.verdict
    before = await submissions.processed(work.tx, work.envelope.sender, read.control_number)
    if before is not None and verdict in ("accepted", "zero_report"):
        return Done(json.loads(before.report))
    counts = await store_runs(work.tx, read, now=work.now, seq=work.seq)
    result = result_of(read.report, counts)
    if verdict == "void":
        voided = 0 if before is None else await dispensations.void_all(work.tx, before.seq, now=work.now, seq=work.seq)
        result |= {"voided": voided, "voids_not_found": int(before is None)}
    for zero in read.zero_reports:
        await submissions.insert_zero_report(
            work.tx,
            read.pharmacies[zero.pharmacy].dispenser,
            period_from=zero.begins_on,
            period_to=zero.ends_on,
            now=work.now,
            seq=work.seq,
        )
    await submissions.insert(
        work.tx,
        sender=work.envelope.sender,
        transaction_control=read.control_number,
        verdict=verdict,
        version=read.report.version or "",
        file_name=work.message.file_name,
        body_bytes=len(work.message.body),
        report=json.dumps(result),
        now=work.now,
        seq=work.seq,
    )
    _report(work, counts)
    work.publish("submission.processed", {k: v for k, v in result.items() if k != "faults"})
    return Done(result)


def _report(work: FileWork, counts: Sequence[Counts]) -> None:
    """The submitter is told by e-mail: failed, the counts, or a zero report's confirmation (R46, R47)."""
    read, report = work.prepared, work.prepared.report
    received = work.now.astimezone(work.policy.zone).strftime("%Y-%m-%d %H:%M %Z")
    file: dict[str, JsonValue] = {"received_at_text": received}
    if work.message.file_name:
        file["file_name"] = work.message.file_name
    if report.transaction:
        file["transaction"] = report.transaction
    faults: dict[str, JsonValue] = {"faults_total": report.faults_total, "faults": mailed_faults(report.faults)}
    for address in _submitter(work):
        if report.verdict == "failed":
            work.notify("submission.failed", address, file | faults, occasion=str(work.seq))
            continue
        for zero in read.zero_reports:
            pharmacy = read.pharmacies[zero.pharmacy]
            facts: dict[str, JsonValue] = {
                "file": work.message.file_name or read.control_number,
                "pharmacy": pharmacy_label(pharmacy),
                "period": f"{zero.begins_on} to {zero.ends_on}",
                "received_at_text": received,
            }
            work.notify("submission.zero_report", address, facts, occasion=f"{work.seq}:{zero.line}")
        if report.verdict != "zero_report":
            pharmacies = mailed_pharmacies(report, counts)
            work.notify(
                "submission.status_report", address, file | faults | {"pharmacies": pharmacies}, occasion=str(work.seq)
            )


def _submitter(work: FileWork) -> Sequence[str]:
    """Return where this sender's reports go; an unknown sender's go to the administrators."""
    address = work.programme.submitters.get(work.envelope.sender)
    return (address,) if address else work.programme.administrators


async def record_submitted_all(works: Sequence[RecordWork]) -> list[Outcome]:
    """Each record is stored, revised, voided or a duplicate; one at fault is refused with its check's id (R45–R49)."""
    outcomes: dict[int, Outcome] = {}
    good: list[tuple[RecordWork, Content]] = []
    for work in works:
        fault = fault_of(work.message, work.today)
        if fault is None:
            good.append((work, content_of(work.message, _original(work), work.today)))
        else:
            outcomes[work.seq] = Refuse(fault.code, fault.text, fault.field)
    for status, group in groupby(good, key=lambda pair: pair[0].message.status):
        run = list(group)
        if status == "new" and await _all_new(run):
            outcomes |= {work.seq: _became("stored") for work, _ in run}
            continue
        for work, content in run:
            outcomes[work.seq] = await _one_record(work, content)
    return [outcomes[work.seq] for work in works]


def _original(work: RecordWork) -> str:
    """Return the record as it was sent (R50); a packed one as it reads unpacked."""
    if work.envelope.content_encoding:
        return work.message.model_dump_json(exclude_none=True)
    return work.envelope.body.decode()


async def _all_new(run: Sequence[tuple[RecordWork, Content]]) -> bool:
    """Insert a run at once; False when some were known, and each must be asked what became of it."""
    rows = [(*content, work.seq) for work, content in run]
    return await run[0][0].tx.insert_all("dispensations.insert", rows) == len(rows)


async def _one_record(work: RecordWork, content: Content) -> Outcome:
    counts = Counts()
    match work.message.status:
        case "new":
            if await dispensations.was_brought_by(work.tx, content, work.seq):
                return _became("stored")
            await dispensations.store_new(work.tx, [content], now=work.now, seq=work.seq, counts=counts)
        case "revise":
            await dispensations.revise(work.tx, content, now=work.now, seq=work.seq, counts=counts)
        case "void":
            await dispensations.void(work.tx, content, now=work.now, seq=work.seq, counts=counts)
    became = next(name for name in Counts.__slots__ if getattr(counts, name))
    return _became({"duplicates": "duplicate", "voids_not_found": "void_not_found"}.get(became, became))


def _became(verdict: str) -> Done:
    return Done({"verdict": verdict})
