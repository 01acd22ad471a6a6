"""Days and hours as the model counts them: a list of holidays, and one day or minute after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
HOLIDAYS = frozenset(
    {date(2025, 9, 1), date(2025, 10, 13), date(2025, 11, 11), date(2025, 11, 27), date(2025, 12, 25), date(2026, 1, 1)}
)
"""Connecticut's from the first summer day to New Year: Labor Day, Columbus Day, Veterans Day, Thanksgiving, Christmas."""

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OPENS, CLOSES = 8 * 60, 17 * 60


def local_day(at: datetime) -> date:
    """The calendar day in Connecticut."""
    return at.astimezone(NEW_YORK).date()


def is_business_day(day: date) -> bool:
    """Neither a weekend nor a holiday."""
    return day.isoweekday() not in (6, 7) and day not in HOLIDAYS


def business_day_after(day: date) -> date:
    """The first business day after a day."""
    while True:
        day += DAY
        if is_business_day(day):
            return day


def after_open_minutes(since: datetime, minutes: int) -> datetime:
    """When the help desk has been open for so many minutes since a moment (R72): minute by minute, closed ones not counted."""
    here = since.astimezone(NEW_YORK).replace(tzinfo=None)
    left = minutes
    while True:
        minute = here.hour * 60 + here.minute
        if not is_business_day(here.date()) or minute >= CLOSES:
            here = datetime.combine(here.date() + DAY, datetime.min.time()) + timedelta(minutes=OPENS)
            continue
        if minute < OPENS:
            here = here.replace(hour=OPENS // 60, minute=0, second=0, microsecond=0)
            continue
        if left == 0:
            return here.replace(tzinfo=NEW_YORK).astimezone(UTC)
        here += MINUTE
        left -= 1
        if left == 0:
            return here.replace(tzinfo=NEW_YORK).astimezone(UTC)
