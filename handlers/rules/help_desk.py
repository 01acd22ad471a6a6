"""The help desk's clock: until when a promise runs (R71, R72).

Open time is what passes while the help desk is open: Monday–Friday, 8:00–17:00 in the programme's time zone, no holidays. It is
counted in real seconds, so a change of clocks inside help-desk hours, should a programme have one, makes that day an hour
shorter or longer. Critical tickets run around the clock: their time is all time (R71).

A business day is one help-desk day of hours (nine by default), not a date: *two business days* from Monday 15:00 end on
Wednesday 15:00; from Saturday, which counts from Monday 8:00, they end on Tuesday 17:00, at closing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from handlers.rules.calendar import is_business_day
from handlers.rules.policy import Policy
from messages.ticket import Category
from store.ticket_targets import Promise, What


def add_open_time(start: datetime, duration: timedelta, policy: Policy) -> datetime:
    """Return the earliest moment by which the help desk was open for ``duration`` since ``start``, in UTC."""
    left, moment = duration, start.astimezone(UTC)
    if left <= timedelta(0):
        return moment
    for opens_at, closes_at in _open_spans(moment, policy):
        begins_at = max(opens_at, moment)
        if closes_at - begins_at >= left:
            return begins_at + left
        left -= closes_at - begins_at
    raise AssertionError("The help desk opens again, always.")


def promise(what: What, category: Category, since: datetime, policy: Policy) -> Promise:
    """Return when a category's target (``response`` or ``resolution``), running since a moment, is near and due (R71, R74)."""
    target = (policy.ticket_response if what == "response" else policy.ticket_resolution).of(category)
    if category == "critical":
        whole = target.as_time(timedelta(days=1))
        return Promise(*(since.astimezone(UTC) + part for part in (_most_of(whole, policy), whole)))
    whole = target.as_time(_help_desk_day(policy))
    return Promise(add_open_time(since, _most_of(whole, policy), policy), add_open_time(since, whole, policy))


def _most_of(whole: timedelta, policy: Policy) -> timedelta:
    return whole * policy.ticket_warning_percent / 100


def _help_desk_day(policy: Policy) -> timedelta:
    day = date(2000, 1, 1)
    return datetime.combine(day, policy.help_desk_closes) - datetime.combine(day, policy.help_desk_opens)


def _open_spans(since: datetime, policy: Policy) -> Iterator[tuple[datetime, datetime]]:
    """Yield opening and closing of each business day, in UTC, the first that has not closed by ``since``."""
    day = policy.local_date(since)
    while True:
        if is_business_day(day, policy):
            opens_at, closes_at = (
                datetime.combine(day, hour, tzinfo=policy.zone).astimezone(UTC)
                for hour in (policy.help_desk_opens, policy.help_desk_closes)
            )
            if closes_at > since:
                yield opens_at, closes_at
        day += timedelta(days=1)
