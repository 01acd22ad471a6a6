"""What dispensers hand in, once more and slowly: records, deadlines, errors, reports (R40–R49)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from messages.dispenser import (
    DispenserClosed,
    DispenserExemptionDeclared,
    DispenserExemptionEnded,
    DispenserRegistered,
)
from workers.simulation.model.book import ADMINISTRATORS, REPORTS_TO, Book
from workers.simulation.model.calendar import DAY, business_day_after, is_business_day, local_day
from workers.simulation.said import Handed, Line, Said

Key = tuple[str, str, date, str]
TOLD_ON = (1, 3, 5)


Days = tuple[date, date]


@dataclass(slots=True)
class Dispenser:
    """Who must report, and of which days it has: all up to one, and those that zero reports name."""

    kind: str
    contact: str
    submitters: tuple[str, ...]
    covered_to: date
    closes_on: date | None = None
    zeros: list[Days] = field(default_factory=list)
    exempt: list[tuple[date, date | None]] = field(default_factory=list)
    told: set[tuple[date, int]] = field(default_factory=set)

    def reached(self, today: date) -> date:
        """R42: the last day before which nothing is left out; an exemption that is over covers its days."""
        over = [(begins, to) for begins, to in self.exempt if to is not None and to < today]
        if self.kind != "veterinarian":
            return walked(self.covered_to, [*self.zeros, *over])
        last = self.covered_to
        while ends := [to for begins, to in over if begins <= last + 7 * DAY and to > last]:  # R41: within its week
            last = max(ends)
        return last

    def due_on(self, today: date) -> date:
        """R40–R42: the last day on which what is not covered yet is reported in time."""
        reached = self.reached(today)
        return reached + 7 * DAY if self.kind == "veterinarian" else business_day_after(reached + DAY)

    def days_overdue(self, today: date) -> int:
        """Business days since the deadline, without those of an exemption; 0 for whom nothing is expected of."""
        if self.is_exempt(today) or (self.closes_on is not None and self.reached(today) >= self.closes_on):
            return 0
        day, number = self.due_on(today), 0
        while day < today:
            day += DAY
            number += is_business_day(day) and not self.is_exempt(day)
        return number

    def is_exempt(self, day: date) -> bool:
        """R43: a standing exemption holds."""
        return any(begins <= day and (to is None or day <= to) for begins, to in self.exempt)

    def has_closed(self, today: date) -> bool:
        """Whether its last day has come."""
        return self.closes_on is not None and self.closes_on <= today


def walked(day: date, spans: Sequence[Days]) -> date:
    """R42: go from day to day over what is covered, and over closed days where something covered follows."""
    while True:
        ahead = day + DAY
        while not (covered := any(begins <= ahead <= ends for begins, ends in spans)) and not is_business_day(ahead):
            ahead += DAY
        if not covered:
            return day
        day = ahead


@dataclass(slots=True)
class OpenError:
    """R47: a record in error, of a submission, until it is corrected."""

    sender: str
    submission: int
    line: Line
    reported_on: date
    is_corrected: bool = False


@dataclass(slots=True)
class Reporting:
    """Everything that gateways handed in."""

    book: Book
    dispensers: dict[str, Dispenser] = field(default_factory=dict)
    records: dict[Key, tuple[str, Line]] = field(default_factory=dict)
    """What stands under each identity (R48): active or voided, and what it says."""
    no_duty: set[Key] = field(default_factory=set)
    """Records that raise no duty: of an exempt dispenser (R43), of an animal (R56)."""
    transactions: dict[tuple[str, str], Handed] = field(default_factory=dict)
    voided: set[tuple[str, str]] = field(default_factory=set)
    """Transactions that their senders withdrew as a whole."""
    errors: list[OpenError] = field(default_factory=list)
    number: int = 0

    def registered(self, at: datetime, message: DispenserRegistered) -> str:
        """R40–R42: it must report from now on; one that is open has new particulars."""
        name, today = message.dea or message.npi or message.ncpdp or "", local_day(at)
        one = Dispenser(message.dispenser_kind, message.contact_email, message.submitters, today)
        known = self.dispensers.get(name)
        if known is not None:
            one.exempt, one.told = known.exempt, known.told
            if not known.has_closed(today):
                one.covered_to, one.zeros, one.closes_on = known.covered_to, known.zeros, known.closes_on
        self.dispensers[name] = one
        return "done"

    def changed(
        self, at: datetime, message: DispenserExemptionDeclared | DispenserExemptionEnded | DispenserClosed
    ) -> str:
        """R42, R43: exempt for a time, no more, or closed."""
        known = self.dispensers.get(message.dispenser)
        if known is None:
            return "waiting"
        match message:
            case DispenserExemptionDeclared():
                known.exempt.append((message.from_on, message.to_on))
            case DispenserExemptionEnded():
                ended = message.ended_on
                if not any(to is None or to > ended for _, to in known.exempt):
                    return "refused"
                known.exempt = [(begins, ended if to is None or to > ended else to) for begins, to in known.exempt]
            case DispenserClosed():
                if known.has_closed(local_day(at)):
                    return "refused"
                known.closes_on = message.closed_on
        return "done"

    def submitted(self, said: Said) -> str:
        """R46–R49: a file or a list of records, and what its sender is told."""
        handed = said.handed
        assert handed is not None
        self.number += 1
        place = (said.sender, handed.transaction)
        if handed.is_broken:
            self._report(said, "submission.failed")
            return "done"
        if place in self.transactions and not handed.voids_transaction:
            # F11: sent again it changes nothing, and the report was told; another one under its number is told of.
            first = self.transactions[place]
            if (handed.lines, handed.zero) != (first.lines, first.zero):
                self._report(said, "submission.failed")
            return "done"
        if handed.voids_transaction:
            self._void_transaction(said, place)
            return "done"
        if self._is_barred(
            said.sender, handed.dispenser
        ):  # R61: it may come again, and nothing of it waits for a correction
            self._report(said, "submission.status_report")
            return "refused"
        self.transactions[place] = handed
        if handed.zero is not None:
            known = self.dispensers[handed.dispenser]
            if known.kind == "veterinarian":
                self._cover(said.at, handed)
            else:
                known.zeros.append(handed.zero)
            self._report(said, "submission.zero_report")
            return "done"
        self._take(said, handed)
        self._report(said, "submission.status_report")
        return "done"

    def _void_transaction(self, said: Said, place: tuple[str, str]) -> None:
        """R49: what it brought is withdrawn, what it left in error needs no correction; sent again it changes nothing."""
        if place in self.voided:
            return
        brought = self.transactions.get(place)
        if brought is not None:
            self.voided.add(place)
            self._void(line for line in brought.lines if line.is_good and line.status != "void")
            self._correct(line for line in brought.lines if not line.is_good)
        self._report(said, "submission.status_report")

    def one_record(self, said: Said) -> str:
        """R45: a record in JSON, refused where a check fails."""
        assert said.handed is not None
        (line,) = said.handed.lines
        if not line.is_good or self._is_barred(said.sender, said.handed.dispenser):
            return "refused"
        self._store(line)
        self._cover(said.at, said.handed)
        self._correct([line])
        return "done"

    def _take(self, said: Said, handed: Handed) -> None:
        good = [line for line in handed.lines if line.is_good]
        for line in good:
            self._store(line)
        self._cover(said.at, handed)
        self._correct(good)
        self._keep_errors(said, [line for line in handed.lines if not line.is_good])

    def _is_barred(self, sender: str, dispenser: str) -> bool:
        """R61: registered for others."""
        submitters = self.dispensers[dispenser].submitters
        return bool(submitters) and sender not in submitters

    def _store(self, line: Line) -> None:
        """R48, R49: new, the same again, revised, voided, new again."""
        state, _ = self.records.get(line.key, ("", line))
        known = self.dispensers[line.dispenser]
        if known.kind == "veterinarian" or known.is_exempt(line.filled_on):
            self.no_duty.add(line.key)
        if line.status == "void":
            self.records[line.key] = ("voided", line)
        elif line.status == "revise" or state != "active":
            self.records[line.key] = ("active", line)

    def _void(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.records[line.key] = ("voided", line)

    def _cover(self, at: datetime, handed: Handed) -> None:
        """R42: all before the day it was made, and what it tells of; a veterinarian's day of reporting is what counts (R41)."""
        known, made_on = self.dispensers[handed.dispenser], local_day(min(handed.made_at, at))
        told_of = [line.filled_on for line in handed.lines if line.is_good]
        reached = made_on if known.kind == "veterinarian" else max([made_on - DAY, *told_of])
        known.covered_to = max(known.covered_to, reached)

    def _correct(self, good: Iterable[Line]) -> None:
        """R47: an error is corrected by a good record of that dispenser, prescription and day."""
        said = {(line.dispenser, line.prescription, line.filled_on) for line in good}
        for error in self.errors:
            line = error.line
            if (line.dispenser, line.prescription, line.filled_on) in said and error.submission != self.number:
                error.is_corrected = True

    def _keep_errors(self, said: Said, lines: Iterable[Line]) -> None:
        """R47: what is told again waits in this submission, from the day on which it was first told."""
        for line in list(lines):
            told_on = local_day(said.at)
            for error in self.errors:
                if error.submission != self.number and not error.is_corrected and error.line.key[:3] == line.key[:3]:
                    error.is_corrected, told_on = True, min(told_on, error.reported_on)
            self.errors.append(OpenError(said.sender, self.number, line, told_on))

    def _report(self, said: Said, notice: str) -> None:
        for address in REPORTS_TO.get(said.sender, ADMINISTRATORS):
            self.book.tell(said.at, notice, address)

    def standing(self) -> list[Line]:
        """Every record that raises a duty."""
        return [line for key, (state, line) in self.records.items() if state == "active" and key not in self.no_duty]

    def remind(self, at: datetime) -> None:
        """R47, R61: errors not corrected, every day for seven days, of those its sender may mend.

        One e-mail a submission and day on which it was first told.
        """
        today = local_day(at)
        waiting = {
            (error.submission, error.reported_on, error.sender)
            for error in self.errors
            if not error.is_corrected
            and 1 <= (today - error.reported_on).days <= 7
            and not self._is_barred(error.sender, error.line.dispenser)
        }
        for *_, sender in waiting:
            for address in REPORTS_TO.get(sender, ADMINISTRATORS):
                self.book.tell(at, "submission.error_reminder", address)

    def overdue(self, at: datetime) -> None:
        """R42: e-mailed on the first, third and fifth business day; a day that was missed is made up for, the last one only."""
        today = local_day(at)
        if not is_business_day(today):
            return
        for known in self.dispensers.values():
            days, due_on = known.days_overdue(today), known.due_on(today)
            reached = [number for number in TOLD_ON if number <= days]
            if reached and (due_on, reached[-1]) not in known.told:
                known.told.add((due_on, reached[-1]))
                self.book.tell(at, "submission.overdue", known.contact)
