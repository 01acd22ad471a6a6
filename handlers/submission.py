"""A submission takes effect: records by their identity, zero reports, deadlines, the report (R42, R46–R50)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from pydantic import JsonValue

from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.reading import ReadSubmission
from handlers.reporting import result_of, tell_submitter
from handlers.rules.deadlines import covered_with
from handlers.screened import Screened, named, screened, with_unknown, with_void_findings
from handlers.screening import (
    UNKNOWN_TRANSACTION,
    UNKNOWN_VOIDED,
    ZERO_REPORT_STAYS,
    Source,
    open_screen,
    stores_unknown,
    unknown_revised,
)
from handlers.work import Work
from messages.asap.faults import Fault, Finding
from messages.asap.severities import CheckRules
from messages.asap.table import VERSIONS
from messages.asap.values import Pharmacy
from messages.errors import FieldFault
from store import dispensations, dispensers, submissions
from store.contract import as_date, as_moment
from store.dispensations import Content, Counts
from store.dispensers import Dispenser, Report
from store.submissions import Processed

AnyWork = Work[Any, Any]


def unknown_dispenser(*numbers: str) -> Defer:
    """It waits for the dispenser of these numbers: woken by the first of them; by another, when its pause is over."""
    text = "A dispenser of this submission is not registered yet (R21)."
    return Defer("dispenser_unknown", text, waits_for=f"dispenser:{next(filter(None, numbers), '')}")


async def take(work: AnyWork, read: ReadSubmission, *, file_name: str, body_bytes: int) -> Outcome:
    """The submission's records are stored and its sender has the report; sent again it changes nothing (F11, R46, R47).

    Another one under a number that was used fails as a whole.

    Whose sender may not send for any of its dispensers is refused as a single record is, with the same report (R61); its number
    is not used up, so that it can be sent again when the register was mended.
    """
    tx, sender = work.tx, work.envelope.sender
    before = await submissions.processed(tx, sender, read.control_number)
    if before is not None and read.report.verdict in ("accepted", "zero_report"):
        if before.is_same(read.content_digest, read.created_at, body_bytes):
            return Done(json.loads(before.report))
        read = _under_used_number(read)
    verdict = read.report.verdict
    if verdict == "void" and (settled := await _settled_void(work, read)) is not None:
        return Done(settled)
    sources, after = await _screen(work, read)
    if work.policy.unknown_dispenser_holds:
        for one, source in zip(read.pharmacies, sources, strict=True):
            if source.is_unknown:
                return unknown_dispenser(one.dea, one.npi, one.ncpdp)
    counts, unknown = await _store_runs(work, read.rules, after, len(sources))
    after = with_unknown(after, read.rules, unknown)
    if verdict == "void":
        count, found = await _void_transaction(work, read, before)
        counts, after = [count], replace(after, report=with_void_findings(after.report, read.rules, found))
    result = result_of(after.report, counts)
    await _store_zero_reports(work, read, sources, after)
    await dispensers.report_all(tx, await _reports(work, read, sources, after))
    refusal = _refusal(read, sources, after, result)
    await submissions.insert(
        tx,
        sender=sender,
        transaction_control=read.control_number,
        verdict=verdict if refusal is None else "refused",
        version=read.report.version or "",
        file_name=file_name,
        body_bytes=body_bytes,
        report=json.dumps(result),
        created_at=read.created_at,
        content_digest=read.content_digest,
        received_at=work.handed_in_at,
        seq=work.seq,
    )
    await _note_errors(work, after)
    if verdict == "accepted":
        await _void_that_overtook(work, read)
    tell_submitter(work, read, after, counts, file_name=file_name)
    work.publish("submission.processed", {name: value for name, value in result.items() if name != "faults"})
    return refusal or Done(result)


def _refusal(
    read: ReadSubmission, sources: Sequence[Source], after: Screened, result: dict[str, JsonValue]
) -> Refuse | None:
    """Give the no to a sender that may not send for any of the dispensers, where that kept everything out (R61)."""
    if read.report.verdict not in ("accepted", "zero_report") or not after.barred or len(after.barred) < len(sources):
        return None
    foreign = [source.finding for source in sources if source.finding is not None and source.is_foreign]
    if len(foreign) < len(sources):
        return None
    return replace(refused([named(foreign[0], read.report)]), is_kept=True, result=result)


def refused(findings: Sequence[Finding]) -> Refuse:
    """Say no for the first of these; each is told."""
    faults = tuple(FieldFault(one.field, one.check.partition(".")[0], f"{one.text}.") for one in findings)
    first = faults[0]
    return Refuse(first.code, f"{first.field}: {first.text}", first.field, faults)


def _used_number(version: str) -> Fault:
    segment, field = ("TH", "TH02 (Transaction Control Number)") if version in VERSIONS else (None, "transaction")
    text = (
        "used before for another submission. Nothing of this one was stored; send it again under a number of its own."
    )
    return Fault("F11", "file", segment, 1, field.split()[0], None, None, f"{field}: {text}")


def _under_used_number(read: ReadSubmission) -> ReadSubmission:
    """Give it as one that fails as a whole, for its number is another's (F11)."""
    used = _used_number(read.report.version or "")
    report = replace(read.report, verdict="failed", pharmacies=(), faults=(used,), faults_total=1)
    return replace(read, report=report, pharmacies=(), zero_reports=(), runs=(), errors=())


async def _screen(work: AnyWork, read: ReadSubmission) -> tuple[Sequence[Source], Screened]:
    numbers = {number for one in read.pharmacies for number in (one.dea, one.npi, one.ncpdp) if number}
    products = {
        product for run in read.runs if run.status != "void" for content in run.contents for product in content.products
    }
    screen = await open_screen(work.tx, numbers, products, today=work.handed_in_on, policy=work.policy)
    sources = [
        screen.source((one.dea, one.npi, one.ncpdp), _dispenser_type(one), work.envelope.sender)
        for one in read.pharmacies
    ]
    return sources, screened(read, screen, sources)


def _dispenser_type(pharmacy: Pharmacy) -> str:
    """Give PHA14, which only 5.0 has."""
    return pharmacy.fields[14] if len(pharmacy.fields) > 14 else ""


async def _store_runs(
    work: AnyWork, rules: CheckRules, after: Screened, pharmacies: int
) -> tuple[list[Counts], list[tuple[int, Finding, Content, int]]]:
    """Let the records take effect in their order; return what became of them per pharmacy, and what was not known."""
    counts = [Counts() for _ in range(pharmacies)]
    unknown: list[tuple[int, Finding, Content, int]] = []
    for run in after.runs:
        of = counts[run.pharmacy]
        if run.status == "new":
            await dispensations.store_new(work.tx, run.contents, now=work.now, seq=work.seq, counts=of)
            continue
        is_revision = run.status == "revise"
        change = dispensations.void
        if is_revision:
            change = partial(dispensations.revise, stores_unknown=stores_unknown(rules))
        for content, line in zip(run.contents, run.lines, strict=True):
            before = of.revised + of.voided
            await change(work.tx, content, now=work.now, seq=work.seq, counts=of)
            if of.revised + of.voided == before:
                finding = unknown_revised(rules, content) if is_revision else UNKNOWN_VOIDED
                unknown.append((run.pharmacy, finding, content, line))
    return counts, unknown


async def _settled_void(work: AnyWork, read: ReadSubmission) -> dict[str, JsonValue] | None:
    """Give the report on an earlier void of the transaction, unless that had not come, or stayed in part (R48)."""
    kept = await submissions.voided(work.tx, work.envelope.sender, read.control_number)
    report: dict[str, Any] | None = None if kept is None else json.loads(kept)
    if (
        report is None
        or report.get("voids_not_found", 1)
        or any(fault["severity"] == "error" for fault in report["faults"])
    ):
        return None
    return report


async def _void_transaction(
    work: AnyWork, read: ReadSubmission, named: Processed | None
) -> tuple[Counts, Sequence[Finding]]:
    """TH03 = 04: what the named transaction brought is withdrawn, and its errors with it; one to come will be when it comes.

    Records of dispensers for which the sender may no longer send stay as they are (R61).
    """
    if named is None:
        return Counts(voids_not_found=1), [UNKNOWN_TRANSACTION]
    if named.verdict == "zero_report":
        return Counts(), [ZERO_REPORT_STAYS]
    brought_of = await dispensations.dispensers_of(work.tx, named.seq)
    screen = await open_screen(work.tx, brought_of, (), today=work.today, policy=work.policy)
    found = {of: finding for of in brought_of if (finding := screen.foreign(of, work.envelope.sender)) is not None}
    barred = set(found) if read.rules.severity("R21.submitter") == "error" else set()
    voided = await dispensations.void_all(
        work.tx, named.seq, said_at=read.created_at, now=work.now, seq=work.seq, but_of=barred
    )
    await submissions.end_errors(work.tx, named.seq, but_of=barred, now=work.now)
    return Counts(voided=voided), [*found.values()]


async def _void_that_overtook(work: AnyWork, read: ReadSubmission) -> None:
    said_at = await submissions.void_waiting(work.tx, work.envelope.sender, read.control_number, read.created_at)
    if said_at is not None:
        await dispensations.void_all(work.tx, work.seq, said_at=said_at, now=work.now, seq=work.seq)
        await submissions.end_errors(work.tx, work.seq, but_of=(), now=work.now)


async def _store_zero_reports(work: AnyWork, read: ReadSubmission, sources: Sequence[Source], after: Screened) -> None:
    for zero in read.zero_reports:
        if zero.pharmacy not in after.barred:
            known = sources[zero.pharmacy].known
            await submissions.insert_zero_report(
                work.tx,
                read.pharmacies[zero.pharmacy].dispenser if known is None else known.dispenser,
                period_from=zero.begins_on,
                period_to=zero.ends_on,
                received_at=work.handed_in_at,
                seq=work.seq,
            )


async def _reports(work: AnyWork, read: ReadSubmission, sources: Sequence[Source], after: Screened) -> list[Report]:
    """Up to which day each pharmacy has reported now (R42).

    A submission covers all before the day it was made, and the last day dispensed in it; its records in error wait for their
    correction (R47). One that failed as a whole covers nothing, a zero report its period. For a veterinarian the day of the
    report itself is what counts (R41).
    """
    made_on = work.policy.local_date(as_moment(read.created_at))
    reporters = _reporters(read, sources)
    covered: dict[int, str] = {}
    if read.report.verdict == "accepted":
        covered = {place: "" for place, block in enumerate(after.report.pharmacies) if block.total}
        for run in read.runs:
            last = max({detail.dispensed_on for detail in run.details})
            covered[run.pharmacy] = max(covered[run.pharmacy], last)
    reports = [
        report_of(known, made_on=made_on, last_on=last_on, today=work.handed_in_on)
        for place, last_on in covered.items()
        if (known := reporters.get(place)) is not None
    ]
    idle = {known.dispenser: known for zero in read.zero_reports if (known := reporters.get(zero.pharmacy)) is not None}
    periods = await dispensers.zero_periods(work.tx, idle) if idle else {}
    for name, known in idle.items():
        covers = made_on
        if known.kind != "veterinarian":
            covers = covered_with(known.kind, as_date(known.covered_to), periods.get(name, ()), work.policy)
        reports.append(Report(name, covers.isoformat(), work.handed_in_on.isoformat()))
    return reports


def _reporters(read: ReadSubmission, sources: Sequence[Source]) -> dict[int, Dispenser]:
    """Give the registered dispensers by their places in the submission, without those that its sender may not send for (R61).

    Such a one is not barred where its numbers are at fault: all its records are in error anyway.
    """
    return {
        place: source.known
        for place, source in enumerate(sources)
        if source.known is not None and (source.finding is None or read.rules.severity(source.finding.check) != "error")
    }


def report_of(known: Dispenser, *, made_on: date, last_on: str, today: date) -> Report:
    """Give how far a dispenser has reported with what was made on a day and tells of dispensings up to another."""
    if known.kind == "veterinarian":
        return Report(known.dispenser, made_on.isoformat(), today.isoformat())
    return Report(known.dispenser, max((made_on - timedelta(days=1)).isoformat(), last_on), today.isoformat())


async def _note_errors(work: AnyWork, after: Screened) -> None:
    """Records stored now correct earlier errors; those in error wait for their correction (R47)."""
    sender = work.envelope.sender
    named = {run.contents[0].dispenser for run in after.runs if run.contents}
    if named and await submissions.any_open(work.tx, named, [sender]):
        good = [(sender, *submissions.known_by(content)) for run in after.runs for content in run.contents]
        await submissions.correct_all(work.tx, good, now=work.now, seq=work.seq)
    await submissions.keep_errors(
        work.tx, after.errors, sender=sender, reported_on=work.today, now=work.now, seq=work.seq
    )
