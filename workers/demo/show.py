"""What became of the day, on the terminal."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from workers.demo.ledger import Result

STATES = ("done", "refused", "waiting", "dead")
SHOWN_IN_FULL = ("registration.approved", "submission.status_report", "registration.received")


class Timing(Protocol):
    """When things were done, in seconds."""

    began: float
    ingested: float
    settled: float


def show(console: Console, result: Result, timing: Timing) -> None:
    """The day has been shown: what came, what was stored, what died, what was written to whom, whether all adds up."""
    console.print(_messages(result))
    console.print(_records(result))
    console.print(_dead(result))
    console.print(_mails(result))
    _two_mails(console, result)
    _rates(console, result, timing)
    console.print(_reckoning(result))
    if result.is_clean:
        console.print("[bold green]Clean: every message exactly once, nothing lost, nothing doubled.")
    else:
        console.print("[bold red]Not clean: see the lines marked above.")


def _messages(result: Result) -> Table:
    table = Table("Kind", *STATES, title="Messages by kind and outcome")
    for kind in sorted({kind for kind, _ in result.kept.counts.messages}):
        table.add_row(kind, *(str(result.kept.counts.of(kind, state) or "") for state in STATES))
    table.add_section()
    table.add_row("all", *(str(result.kept.counts.in_state(state)) for state in STATES))
    return table


def _records(result: Result) -> Table:
    expected = result.expected
    doubled = expected.records_sent - expected.records_bad - len(expected.record_keys)
    table = Table("Records", "Number", title="Dispensations")
    table.add_row("in good files", f"{expected.records_sent:,}")
    table.add_row("stored", f"{result.kept.good_records:,}")
    table.add_row("duplicates of one stored", f"{doubled:,}")
    table.add_row("refused, with the reason in the report", f"{expected.records_bad:,}")
    return table


def _dead(result: Result) -> Table:
    table = Table("Kind", "Code", "Reason", "Number", title="Dead letters")
    for kind, code, text, number in result.kept.dead:
        table.add_row(Text(kind), Text(code), Text(text), str(number))
    return table


def _mails(result: Result) -> Table:
    table = Table("Template", "Number", title="E-mails written")
    for notice, number in sorted(Counter(mail.notice for mail in result.mails).items()):
        table.add_row(notice, str(number))
    table.add_section()
    table.add_row("all", str(len(result.mails)))
    return table


def _two_mails(console: Console, result: Result) -> None:
    by_notice = {mail.notice: mail for mail in sorted(result.mails, key=lambda mail: -len(mail.text))}  # the shortest
    for mail in [by_notice[notice] for notice in SHOWN_IN_FULL if notice in by_notice][:2]:
        text = Text(f"To: {mail.to}\nDate: {mail.date}\nSubject: {mail.subject}\n\n{mail.text.strip()}")
        console.print(Panel(text, title=mail.notice))


def _rates(console: Console, result: Result, timing: Timing) -> None:
    ingested, settled = timing.ingested - timing.began, timing.settled - timing.began
    console.print(
        f"{result.expected.times_published} publishes of {len(result.expected.messages)} messages settled in "
        f"{settled:.1f} s, a killed worker among it; {result.expected.records_sent:,} records in {ingested:.1f} s: "
        f"{result.expected.records_sent / ingested:,.0f} records/s."
    )


def _reckoning(result: Result) -> Table:
    table = Table("What must be so", "Wanted", "Found", "", title="Reckoning")
    for check in result.checks:
        verdict = "[green]holds" if check.holds else "[bold red]DOES NOT HOLD"
        table.add_row(check.what, f"{check.wanted:,}", f"{check.found:,}", verdict)
    return table
