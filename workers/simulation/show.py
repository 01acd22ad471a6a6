"""What the month came to, on the terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workers.simulation.judge import written
from workers.simulation.run import Result
from workers.simulation.story.script import FIRST_DAY

OUTCOMES = ("done", "refused", "waiting", "dead")
SHOWN = 20
_DAYS_SHOWN = 62


def report(result: Result) -> dict[str, object]:
    """Return everything that is shown, for programs."""
    by_notice = _by_notice(result)
    return {
        "clean": result.is_clean,
        "notices": {
            notice: {"total": days.total(), "by_day": {_date(day): number for day, number in sorted(days.items())}}
            for notice, days in sorted(by_notice.items())
        },
        "messages": {kind: dict(outcomes) for kind, outcomes in sorted(_by_kind(result).items())},
        "checks": [
            {
                "rule": one.rule,
                "what": one.what,
                "counted": one.counted,
                "holds": one.holds,
                "against": list(one.against),
            }
            for one in result.checks
        ],
    }


def show(console: Console, result: Result) -> None:
    """The notices by kind and day, what came in and what became of it, and every check have been shown."""
    console.print(_notices(result))
    console.print(_messages(result))
    console.print(_checks(result))
    for check in result.checks:
        if not check.holds:
            console.print(Text(f"{check.rule}, {check.what}:", style="bold red"))
            for line in check.against[:SHOWN]:
                console.print(Text(f"  {line}"))
            if len(check.against) > SHOWN:
                console.print(Text(f"  and {len(check.against) - SHOWN} more"))
    good = sum(check.holds for check in result.checks)
    is_as = "[bold green]The month is" if result.is_clean else "[bold red]The month is NOT"
    console.print(f"{is_as} as the rules want it: {good} of {len(result.checks)} checks hold.")


def _by_notice(result: Result) -> dict[str, Counter[int]]:
    found: dict[str, Counter[int]] = {}
    for (day, notice, _), number in written(result.tables).items():
        found.setdefault(notice, Counter())[(day - FIRST_DAY).days] += number
    return found


def _by_kind(result: Result) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in result.tables["inbox"]:
        found.setdefault(row["kind"], Counter())[row["state"]] += 1
    return found


def _notices(result: Result) -> Table:
    """A column a day; what the people of the time before were told stands in the first."""
    by_notice = _by_notice(result)
    days = range(min(_DAYS_SHOWN, 1 + max((day for found in by_notice.values() for day in found), default=0)))
    heads = ["Notice", "before", *(f"{FIRST_DAY + timedelta(days=day):%d}" for day in days), "all"]
    table = Table(*heads, title="Notices by day", padding=(0, 0, 0, 1), pad_edge=False, box=None)
    for notice, found in sorted(by_notice.items()):
        before = sum(number for day, number in found.items() if day < 0)
        table.add_row(notice, str(before or ""), *(str(found[day] or "") for day in days), str(found.total()))
    return table


def _messages(result: Result) -> Table:
    table = Table("Kind", *OUTCOMES, title="What came in, and what became of it", box=None, pad_edge=False)
    by_kind = _by_kind(result)
    for kind, found in sorted(by_kind.items()):
        table.add_row(Text(kind), *(str(found[one] or "") for one in OUTCOMES))
    table.add_row("all", *(str(sum(found[one] for found in by_kind.values())) for one in OUTCOMES))
    return table


def _checks(result: Result) -> Table:
    table = Table("Rule", "What must be so", "Counted", "", title="Beside the model", box=None, pad_edge=False)
    for check in result.checks:
        verdict = "[green]holds" if check.holds else f"[bold red]{len(check.against)} differ"
        table.add_row(check.rule, check.what, f"{check.counted:,}", verdict)
    return table


def _date(day: int) -> str:
    return f"{FIRST_DAY + timedelta(days=day)}"
