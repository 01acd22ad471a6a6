"""What the administrators' daily e-mail must list, once more and slowly: each heading and its number of lines (R11)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from workers.simulation.model.book import ENDED
from workers.simulation.model.calendar import DAY, NEW_YORK
from workers.simulation.model.effects import Parts
from workers.simulation.model.joining import OURS

RULE_OF = {
    "Registrations waiting for a decision": "R11", "Registrations late for a decision": "R11",
    "Registrations overdue for a decision": "R11", "Cases of conduct without an outcome": "R25",
    "Accounts whose eligibility is in question": "R22", "CSP registrations whose holders have no account": "R5",
    "Tickets past their target": "R74", "Dispensers that stayed overdue": "R42",
    "Submissions with records that were not corrected": "R47", "Alerts about patients posted since the last digest": "R28",
    "Queries of patients' records refused since the last digest": "R24",
    "Prescribed without a review in time in the last 30 days": "R51",
}  # fmt: skip
"""The headings that are laid beside the system's, and their rules."""


def listed(of: Parts, today: date) -> dict[str, int]:
    """Return how many lines stand under each heading on a morning; no heading without any."""
    found = _registrations(of, today) | _help_desk(of, today) | _records(of, today)
    found["Accounts whose eligibility is in question"] = len(of.standing.in_question)
    found["CSP registrations whose holders have no account"] = len(of.inviting.without_account(today))
    return {heading: number for heading, number in found.items() if number}


def _registrations(of: Parts, today: date) -> dict[str, int]:
    """R11: late after 14 days, overdue after 21."""
    ours = [one for one in of.joining.book.registrations.values() if one.state not in ENDED and one.state in OURS]
    days = [(today - one.since).days for one in ours]
    return {
        "Registrations waiting for a decision": sum(number <= 14 for number in days),
        "Registrations late for a decision": sum(14 < number <= 21 for number in days),
        "Registrations overdue for a decision": sum(number > 21 for number in days),
    }


def _help_desk(of: Parts, today: date) -> dict[str, int]:
    midnight = datetime(today.year, today.month, today.day, tzinfo=NEW_YORK)
    targets = [target for ticket in of.desk.tickets.values() for target in ticket.targets]
    return {
        "Cases of conduct without an outcome": sum(state != "closed" for state in of.desk.cases.values()),
        "Tickets past their target": sum(one.ended_at is None and one.due_at <= midnight for one in targets),
    }


def _records(of: Parts, today: date) -> dict[str, int]:
    reporting, reviewing = of.reporting, of.reviewing
    late = {
        one.submission for one in reporting.errors
        if not one.is_corrected and 7 < (today - one.reported_on).days <= 38
    }  # fmt: skip
    recent = [line for line in reporting.standing() if today - timedelta(days=30) <= line.written_on <= today]
    return {
        "Dispensers that stayed overdue": sum(one.days_overdue(today) > 5 for one in reporting.dispensers.values()),
        "Submissions with records that were not corrected": len(late),
        "Alerts about patients posted since the last digest": sum(
            reviewing.posted_on[one] == today - DAY for one in reviewing.alerts
        ),
        "Queries of patients' records refused since the last digest": len(
            {(who, why) for day, who, why in reviewing.refusals if day == today - DAY}
        ),
        "Prescribed without a review in time in the last 30 days": len(reviewing.missed(recent)),
    }
