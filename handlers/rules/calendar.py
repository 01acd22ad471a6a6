"""Business days and help-desk hours in the programme's time zone (R40, R72): weekends and state holidays excluded."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from handlers.rules.policy import Policy


def is_business_day(day: date, policy: Policy) -> bool:
    """Tell whether a local date is neither a weekend day nor a state holiday nor a closing day of the programme's own."""
    return day.weekday() < 5 and day not in policy.holidays and day not in policy.closing_days


def next_business_day(day: date, policy: Policy) -> date:
    """Return the first business day after a local date."""
    day += timedelta(days=1)
    while not is_business_day(day, policy):
        day += timedelta(days=1)
    return day


def help_desk_is_open(moment: datetime, policy: Policy) -> bool:
    """Tell whether the help desk answers at this moment (R72: Monday–Friday, 8:00–17:00, no holidays)."""
    here = moment.astimezone(policy.zone)
    is_in_hours = policy.help_desk_opens <= here.time() < policy.help_desk_closes
    return is_in_hours and is_business_day(here.date(), policy)


def next_opening(moment: datetime, policy: Policy) -> datetime | None:
    """Return when the help desk opens next, in the programme's time zone; None while it is open (R74)."""
    if help_desk_is_open(moment, policy):
        return None
    here = moment.astimezone(policy.zone)
    day = here.date()
    if not (is_business_day(day, policy) and here.time() < policy.help_desk_opens):
        day = next_business_day(day, policy)
    return datetime.combine(day, policy.help_desk_opens, tzinfo=policy.zone)
