"""A sweep by hand: for a date that was missed, or to see what it would write."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.presenting import print_json, say

if TYPE_CHECKING:
    from handlers.sweeps.sweep import Sweep
    from handlers.work import Programme
    from store.contract import Transaction


async def sweep(
    name: str,
    /,
    *,
    on: Annotated[str, Parameter(help="Local date, YYYY-MM-DD; today when left out.")] = "",
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Run one sweep for a date. It runs once for each date, ever; --dry-run counts what its notices would be."""
    settings = site_settings()
    from handlers.sweeps.sweep import sweeps
    from workers.bootstrap import now, programme_of
    from workers.scheduler import Scheduler

    found = sweeps().get(name)
    if found is None:
        raise WrongUse(f"There is no sweep of that name; there are: {', '.join(sweeps())}.")
    programme = programme_of(settings)
    day = _day(on) if on else now().astimezone(programme.policy.zone).date()
    async with standing_store(settings) as store:
        if dry_run:
            notices = await store.read(lambda tx: _notices(tx, found, day, programme))
            written: int | None = sum(notices.values())
        else:
            notices = Counter()
            written = await Scheduler(store, programme, now, settings.machine).run_sweep(found, day)
    if json:
        print_json(
            {"sweep": name, "on": day.isoformat(), "ran": written is not None and not dry_run, "notices": written}
            | ({"by_notice": notices} if dry_run else {})
        )
    elif dry_run:
        say(f"{name} for {day} would write {written} notices: it looks at what stands now, sent before or not.")
        for notice, number in sorted(notices.items()):
            say(f"  {number:>6}  {notice}")
    elif written is None:
        say(f"{name} has run for {day} already; nothing was done.")
    else:
        say(f"{name} ran for {day}: {written} notices written; a relay sends them.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse("--on takes a date as YYYY-MM-DD.") from None


async def _notices(tx: Transaction, sweep: Sweep, on: date, programme: Programme) -> Counter[str]:
    found: Counter[str] = Counter()
    async for page in sweep.notices(tx, on, programme):
        found.update(one.name for one in page)
    return found
