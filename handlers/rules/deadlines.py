"""By when a dispensing must be reported, and since when a dispenser is overdue (R40–R42)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from handlers.rules.calendar import is_business_day, next_business_day
from handlers.rules.policy import Policy

DispenserKind = Literal["pharmacy", "practitioner", "veterinarian"]
Period = tuple[date, date]
"""The first day and the last, both included."""
KIND_OF_TYPE: Mapping[str, DispenserKind] = MappingProxyType({"07": "veterinarian"})
"""PHA14 of ASAP 5.0: what a dispenser that is not registered calls itself; anything else has a pharmacy's deadline."""


def due_on(kind: DispenserKind, dispensed_on: date, policy: Policy) -> date:
    """Return the last local date on which a dispensing of that day is reported in time.

    Pharmacies and practitioners have until the end of the next business day (R40), veterinarians a rolling seven days, the
    seventh included (R41).
    """
    if kind == "veterinarian":
        return dispensed_on + timedelta(days=policy.veterinarian_report_days)
    return next_business_day(dispensed_on, policy)


def covered_with(kind: DispenserKind, covered_to: date, periods: Iterable[Period], policy: Policy) -> date:
    """Return up to which day everything is covered when these periods are (R42).

    A period covers its own days and none before them: it counts once nothing is left out between, and days that are no
    business days are no gap. For a veterinarian it must begin before the next report is overdue (R41).
    """
    for begins, ends in sorted(periods):
        if begins > due_on(kind, covered_to, policy):
            break
        covered_to = max(covered_to, ends)
    return covered_to


def cover_due_on(kind: DispenserKind, covered_to: date, policy: Policy) -> date:
    """Return by when a dispenser that has reported up to a day must report again (R41, R42).

    A pharmacy's first day without a report is due on the business day after it. For a veterinarian ``covered_to`` is the day of
    the last report.
    """
    if kind == "veterinarian":
        return covered_to + timedelta(days=policy.veterinarian_report_days)
    return next_business_day(covered_to + timedelta(days=1), policy)


def overdue_cover(kind: DispenserKind, today: date, policy: Policy) -> date:
    """Return the latest cover that is overdue today: whoever reported no further has missed a deadline."""
    covered_to = today - timedelta(days=1)
    while cover_due_on(kind, covered_to, policy) >= today:
        covered_to -= timedelta(days=1)
    return covered_to


def business_days_overdue(due: date, today: date, policy: Policy, exempt: Sequence[Period] = ()) -> int:
    """Count the business days after the deadline, today included; days of an exemption do not count (R43)."""
    days = (due + timedelta(days=number) for number in range(1, (today - due).days + 1))
    counted = (day for day in days if is_business_day(day, policy))
    return sum(not any(begins <= day <= ends for begins, ends in exempt) for day in counted)
