"""A sweep by hand: for a date that was missed, or to see what it would write."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated

from cyclopts import Parameter

from workers.cli.app import WrongUse
from workers.cli.opened import AsJson, DryRun, site_settings, standing_store
from workers.cli.presenting import print_json, say


async def sweep(
    name: Annotated[str, Parameter(help="As `pmp status` lists them, such as password_expiry.")],
    /,
    *,
    on: Annotated[str, Parameter(help="Local date, YYYY-MM-DD; today when left out.")] = "",
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Run one sweep for a date. It runs once for each date, ever; --dry-run counts what its notices would be, also ahead of time.

    One that runs every minute tells what had become due by the end of that day, each thing once however often it runs.
    """
    settings = site_settings()
    from handlers.sweeps.sweep import ChoreSweep, sweeps
    from workers.bootstrap import now, programme_of
    from workers.scheduler import Scheduler

    found = sweeps().get(name)
    if found is None:
        raise WrongUse(f"There is no sweep of that name; there are: {', '.join(sweeps())}.")
    programme = programme_of(settings)
    today = now().astimezone(programme.policy.zone).date()
    day = _day(on) if on else today
    if day > today and not dry_run:
        raise WrongUse("A date to come is only looked at: its run would write what is not yet true. Add --dry-run.")
    async with standing_store(settings) as store:
        scheduler = Scheduler(store, programme, now, settings.machine)
        if dry_run:
            notices = await scheduler.rehearse_sweep(found, day)
            written: int | None = sum(notices.values())
        else:
            notices = Counter()
            written = await scheduler.run_sweep(found, day)
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
    elif isinstance(found, ChoreSweep):
        say(f"{name} ran for {day}: {written} rows gone through.")
    else:
        say(f"{name} ran for {day}: {written} notices written; a relay sends them.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse("--on takes a date as YYYY-MM-DD.") from None
