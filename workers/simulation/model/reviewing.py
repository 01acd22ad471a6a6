"""Treatments and reviews, once more and slowly (R24, R28, R51–R56): every day counted anew from all records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from messages.patient import PatientAlertPosted, PatientAlertWithdrawn
from messages.review import ReviewCaseClosed, ReviewCaseOpened, ReviewRecorded, ReviewRequested
from workers.simulation.model.book import DELEGATES, OFFICERS, PRESCRIBERS, Account, Book
from workers.simulation.model.calendar import DAY, local_day
from workers.simulation.model.help_desk import HelpDesk
from workers.simulation.model.patients import Patients
from workers.simulation.said import Line, Said

SCHEDULES: Mapping[str, str] = {
    "00093005801": "IV", "00406051201": "II", "00228207810": "IV", "00591024001": "IV", "63481062370": "II",
    "99901000100": "II", "99901000300": "V",
}  # fmt: skip
"""R44: the month's drugs and their schedules."""
RAISE_A_CASE = ("no_active_case", "no_queries")
"""R24, R25: what is no slip of a form."""
MAY_REVIEW = (*PRESCRIBERS, *DELEGATES, "Pharmacist")


@dataclass(slots=True)
class Reviewing:
    """Reviews by patient and prescriber, queries by outcome, cases, alerts."""

    book: Book
    desk: HelpDesk
    trained: set[str]
    patients: Patients
    reviews: list[tuple[str, str, date]] = field(default_factory=list)
    """Patient, the account it was made for, the day."""
    granted: int = 0
    refusals: list[tuple[date, str, str]] = field(default_factory=list)
    """The day, who asked, why not."""
    cases: set[tuple[str, str]] = field(default_factory=set)
    alerts: dict[str, str] = field(default_factory=dict)
    posted_on: dict[str, date] = field(default_factory=dict)

    def recorded(self, said: Said, message: ReviewRecorded) -> str:
        """R51, R56: by the prescriber or a linked delegate."""
        made_for = self._acts(message.reviewer, message.on_behalf_of)
        if made_for is None or self.book.accounts[message.reviewer].role not in MAY_REVIEW:
            return "refused"
        if message.reviewed_at > said.at:
            return "refused"
        self.reviews.append((said.patient, made_for, local_day(message.reviewed_at)))
        return "done"

    def requested(self, said: Said, message: ReviewRequested) -> str:
        """R7, R8, R23–R25: granted, or turned away, which may be a case for the administrators; recorded either way."""
        why = self._refusal(message)
        self.granted += not why
        self.refusals += [(local_day(said.at), message.requester, why)] if why else []
        if why in RAISE_A_CASE:
            self.desk.raised(said.at, f"{why}:{message.requester}:{local_day(said.at)}")
        return "refused" if why else "done"

    def _refusal(self, message: ReviewRequested) -> str:
        if self._acts(message.requester, message.on_behalf_of) is None:
            return "may_not_act"
        role = self.book.accounts[message.requester].role
        if role in OFFICERS:
            if message.requester not in self.trained:
                return "not_trained"
            has_case = (message.requester, message.case_number or "") in self.cases
            return "" if has_case else "no_active_case"
        return "" if role in MAY_REVIEW else "no_queries"

    def _acts(self, account_id: str, on_behalf_of: str | None) -> str | None:
        account = self.book.accounts.get(account_id)
        if account is None or account.state != "active":
            return None
        if account.role not in DELEGATES:
            return account_id if on_behalf_of in (None, account_id) else None
        supervisor = self.book.accounts.get(on_behalf_of or "")
        is_linked = self.book.links.get((account_id, on_behalf_of or "")) == "approved"
        return on_behalf_of if is_linked and supervisor is not None and supervisor.state == "active" else None

    def case_opened(self, message: ReviewCaseOpened) -> str:
        """R24."""
        place = (message.account_id, message.case_number)
        account = self.book.accounts.get(message.account_id)
        if account is None or account.state != "active" or account.role not in OFFICERS or place in self.cases:
            return "refused"
        self.cases.add(place)
        return "done"

    def case_closed(self, message: ReviewCaseClosed) -> str:
        """R24."""
        place = (message.account_id, message.case_number)
        if place not in self.cases:
            return "refused"
        self.cases.discard(place)
        return "done"

    def alert_posted(self, said: Said, message: PatientAlertPosted) -> str:
        """R28."""
        account = self.book.accounts.get(message.author)
        if account is None or account.state != "active" or message.alert_id in self.posted_on:
            return "refused"
        self.alerts[message.alert_id] = message.author
        self.posted_on[message.alert_id] = local_day(said.at)
        return "done"

    def alert_withdrawn(self, message: PatientAlertWithdrawn) -> str:
        """R28: by its author or an administrator."""
        author = self.alerts.get(message.alert_id)
        if author is None:
            return "refused"
        is_administrator = message.administrator is not None and self.book.is_administrator(message.administrator)
        if message.author != author and not is_administrator:
            return "refused"
        del self.alerts[message.alert_id]
        return "done"

    def missed(self, lines: Iterable[Line]) -> Counter[str]:
        """R51: by prescriber, records of more than three days that nobody reviewed on the day written or before."""
        numbers = {one.account_id: one.numbers.get("dea", "") for one in self.book.accounts.values()}
        reviewed = {(self.patients.of(who), numbers[made_for], day) for who, made_for, day in self.reviews}
        found: Counter[str] = Counter()
        for line in lines:
            days = (line.written_on, line.written_on - DAY)
            is_reviewed = any((self.patients.of(line.patient), line.prescriber, day) in reviewed for day in days)
            found[line.prescriber] += line.ndc in SCHEDULES and line.days > 3 and not is_reviewed
        return +found

    def digests(self, at: datetime, lines: Iterable[Line]) -> None:
        """R55: one a prescriber and day, when a review has its turn."""
        today = local_day(at)
        by_pair: dict[tuple[str, str], list[Line]] = {}
        for line in lines:
            if line.ndc in SCHEDULES:
                by_pair.setdefault((self.patients.of(line.patient), line.prescriber), []).append(line)
        by_number = {
            one.numbers["dea"]: one
            for one in self.book.accounts.values()
            if one.state == "active" and "dea" in one.numbers
        }
        told: dict[str, Account] = {}
        for (patient, prescriber), fills in by_pair.items():
            account = by_number.get(prescriber)
            if account is not None and any(_turn(due - today) for due in self._dues(today, patient, account, fills)):
                told[account.account_id] = account
        for account in told.values():
            self.book.tell(at, "review.due_digest", account.email)

    def _dues(self, today: date, patient: str, account: Account, fills: list[Line]) -> list[date]:
        found = []
        for course in _courses(fills):
            began, last = min(one.filled_on for one in course), max(_ends(one) for one in course)
            is_continuous = len({one.filled_on for one in course}) > 1
            if not (is_continuous or (last - began).days + 1 > 90) or (today - last).days - 1 > 30:
                continue
            first_written = min(one.written_on for one in course if one.filled_on == began)
            since = [
                day
                for who, whom, day in self.reviews
                if (self.patients.of(who), whom) == (patient, account.account_id)
                and (day >= began or day >= first_written - DAY)
            ]
            is_v_only = {SCHEDULES[one.ndc] for one in course} == {"V"}
            found.append(max(since or [began]) + (365 if is_v_only else 90) * DAY)
        return found


def _courses(fills: list[Line]) -> list[list[Line]]:
    """R54: day by day; a course ends on the 31st day without supply and without a new fill."""
    courses: list[list[Line]] = []
    day, empty = min(one.filled_on for one in fills), 31
    while day <= max(one.filled_on for one in fills):
        filled = [one for one in fills if one.filled_on == day]
        if filled:
            if empty >= 31:
                courses.append([])
            courses[-1] += filled
        is_covered = any(one.filled_on <= day <= _ends(one) for one in fills)
        empty = 0 if is_covered else empty + 1
        day += DAY
    return courses


def _ends(line: Line) -> date:
    return line.filled_on + (line.days - 1) * DAY


def _turn(left: timedelta) -> bool:
    days = left.days
    return days in (14, 7, 1, 0) or (days < 0 and days % 7 == 0)
