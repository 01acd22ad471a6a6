"""When a patient's record must be reviewed, and when a prescriber is reminded (R51–R53, R55)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from handlers.rules.policy import Policy
from handlers.rules.treatments import Supply, Treatment

DAY = timedelta(days=1)
_OVERDUE_DAYS_MAX = 3660


def window_opens_on(written_on: date, policy: Policy) -> date:
    """Return the first day on which a review counts for what was prescribed on a date (R51)."""
    return written_on - DAY * policy.review_window_days


def is_missed(supply: Supply, reviewed_on: Iterable[date], policy: Policy) -> bool:
    """Tell whether more than 72 hours' supply was prescribed without a review in the window before (R51).

    The window is the date written and the days before it, one by default; ``reviewed_on`` are the prescriber's own reviews and
    those that delegates made for that prescriber (R56).
    """
    if supply.days_supply <= policy.review_supply_days_max:
        return False
    opens_on = window_opens_on(supply.written_on, policy)
    return not any(opens_on <= day <= supply.written_on for day in reviewed_on)


def last_review(treatment: Treatment, reviewed_on: Iterable[date], policy: Policy) -> date | None:
    """Return the last review of a treatment, or None: one made before its first prescription's window was of another (R55).

    What is reviewed before the first prescription (R51) is dispensed days later: the treatment begins after its first review.
    """
    opens_on = min(window_opens_on(treatment.prescribed_on, policy), treatment.began_on)
    return max((day for day in reviewed_on if day >= opens_on), default=None)


def due_on(treatment: Treatment, reviewed_on: date | None, policy: Policy) -> date | None:
    """Return when the next review is due (R55), or None for a treatment without the duty or one that ends before."""
    if not treatment.has_duty:
        return None
    days = policy.review_days_schedule_v if treatment.is_schedule_v_only else policy.review_days
    due = (reviewed_on or treatment.began_on) + DAY * days
    return due if due - DAY * max(policy.review_reminder_days, default=0) <= treatment.ends_on else None


def reminded_on(today: date, policy: Policy) -> list[date]:
    """Return the due dates whose reminder goes out today: before, on the day, and every week while overdue (R55).

    What has been overdue for ten years is reminded of no more.
    """
    ahead = [today + DAY * days for days in policy.review_reminder_days]
    step = policy.review_overdue_days
    overdue = [today - DAY * days for days in range(step, _OVERDUE_DAYS_MAX, step)]
    return sorted({*ahead, *overdue})
