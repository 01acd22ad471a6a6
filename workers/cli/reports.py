"""Reports and answers, as a person reads them; and whether they are good."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workers.cli.presenting import print_table, say

if TYPE_CHECKING:
    from messages.answer import Answer

    Report = Mapping[str, object]


def result_of(answer: Answer) -> Report:
    """Return the report that a yes carries; of a yes without one, and of a no, the answer, which may hold a report too."""
    if answer.status == "accepted" and answer.result is not None:
        return answer.result
    return answer.model_dump(mode="json", exclude_none=True)


def has_errors(report: Report) -> bool:
    """Tell whether the file failed, or a record of it has an error."""
    faults, pharmacies = _rows(report, "faults"), _rows(report, "pharmacies")
    return (
        report.get("verdict") == "failed"
        or any(block.get("with_errors") for block in pharmacies)
        or any(fault.get("severity") in ("file", "error") for fault in faults)
    )


def _rows(report: Report, name: str) -> list[Report]:
    found = report.get(name)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list | tuple) else []


def show_answer(name: str, answer: Answer) -> None:
    """An answer is on standard output, with what to do about a no."""
    report = answer.result if answer.result is not None and "pharmacies" in answer.result else None  # a record has none
    if answer.status == "accepted":
        if report is not None:
            show_report(name, report)
        else:
            say(f"{name}: accepted." + (f" {jsonlib.dumps(answer.result)}" if answer.result else ""))
        return
    say(f"{name}: {answer.status}. {answer.text or ''} ({answer.code})")
    for fault in answer.faults:
        say(f"  {fault.field}: {fault.text} ({fault.code})")
    if report is not None:
        show_report(name, report)
    if answer.status == "failed":
        say("It is kept as a dead letter: see `pmp dead-letters list`.")


def show_report(name: str, report: Report) -> None:
    """A report is on standard output: verdict, counts by pharmacy, faults."""
    blocks = _rows(report, "pharmacies")
    bad = sum(number for block in blocks if isinstance(number := block.get("with_errors"), int))
    verdict = str(report["verdict"]).replace("_", " ") + (f", {bad} of its records with errors" if bad else "")
    what = f"ASAP {report['version']}, transaction {report['transaction']}" if report["version"] else "no ASAP version"
    say(f"{name}: {verdict} ({what})")
    if "voided" in report:
        say(f"  records voided: {report['voided']}, transactions not found: {report['voids_not_found']}")
    if blocks:
        columns = list(blocks[0])
        titles = [column.replace("_", " ") for column in columns]
        print_table("By pharmacy", titles, [[block[column] for column in columns] for block in blocks])
    faults = _rows(report, "faults")
    for fault in faults:
        filled = f", filled {fault['fill_date']}" if fault.get("fill_date") else ""
        of = f", {fault['pharmacy']}" if len(blocks) > 1 and fault.get("pharmacy") else ""
        whose = f"{of}, prescription {fault['prescription']}{filled}" if fault.get("prescription") else of
        say(f"  {fault['check']} {fault['severity']}{whose}: {fault['message']}")
    total = report.get("faults_total")
    if isinstance(total, int) and total > len(faults):
        say(f"  … and {total - len(faults)} more.")
