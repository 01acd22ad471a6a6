"""Links between accounts, once more and slowly (R23)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from messages.delegate import DelegateConfirmed, DelegateDecided, DelegateLinked, DelegateUnlinked
from workers.simulation.model.book import DELEGATES, Account, Book
from workers.simulation.model.calendar import DAY, local_day
from workers.simulation.said import Said


@dataclass(slots=True)
class Links:
    """Who asks, who decides, who ends it."""

    book: Book
    confirmed_on: dict[str, date] = field(default_factory=dict)
    """Supervisor → the day on which the roster was confirmed last."""
    asked: set[tuple[str, date]] = field(default_factory=set)

    def linked(self, said: Said, message: DelegateLinked) -> str:
        """R23: asked for by the delegate, or added by the supervisor."""
        place = self._pair(message.delegate, message.supervisor)
        if place is None:
            return "refused"
        link = self.book.links.get(place)
        if message.by == "supervisor":
            if link == "approved":
                return "refused"
            self.book.links[place], self.book.linked_on[place] = "approved", local_day(said.at)
            self.book.tell(said.at, "delegate.link_decided", message.delegate)
            return "done"
        if link in ("asked", "approved"):
            return "refused"
        self.book.links[place] = "asked"
        self.book.tell(said.at, "delegate.link_asked", message.supervisor)
        return "done"

    def link_decided(self, said: Said, message: DelegateDecided) -> str:
        """R23: the delegate is told."""
        place = self._pair(message.delegate, message.supervisor)
        if place is None or self.book.links.get(place) != "asked":
            return "refused"
        self.book.links[place] = "approved" if message.decision == "approve" else "refused"
        self.book.linked_on[place] = local_day(said.at)
        self.book.tell(said.at, "delegate.link_decided", message.delegate)
        return "done"

    def unlinked(self, said: Said, message: DelegateUnlinked) -> str:
        """R23: at once; the delegate hears of it from the supervisor only."""
        delegate, supervisor = self.book.by_address(message.delegate), self.book.by_address(message.supervisor)
        if delegate is None or supervisor is None:
            return "refused"
        place = (delegate.account_id, supervisor.account_id)
        if self.book.links.get(place) not in ("asked", "approved"):
            return "refused"
        self.book.links[place] = "ended"
        if message.by == "supervisor":
            self.book.tell(said.at, "delegate.link_decided", delegate.email)
        return "done"

    def confirmed(self, said: Said, message: DelegateConfirmed) -> str:
        """R23: the roster as it stands, no other."""
        supervisor = self.book.by_address(message.supervisor)
        if supervisor is None or not self.book.may_supervise(message.supervisor):
            return "refused"
        present = {self.book.accounts[one].email.lower() for one in self._roster(supervisor)}
        if present != {one.lower() for one in message.delegates}:
            return "refused"
        self.confirmed_on[supervisor.account_id] = local_day(said.at)
        return "done"

    def rosters(self, at: datetime) -> None:
        """R23: asked after 180 days without a confirmation, and again each 30 days; a day that was missed is made up for."""
        for supervisor in self.book.accounts.values():
            roster = self._roster(supervisor)
            if not roster or supervisor.state != "active":
                continue
            began_on = min(self.book.linked_on[(one, supervisor.account_id)] for one in roster)
            since = self.confirmed_on.get(supervisor.account_id, began_on)
            turns = [since + (180 + 30 * number) * DAY for number in range(100)]
            reached = [day for day in turns if day <= local_day(at)]
            if reached and (supervisor.account_id, reached[-1]) not in self.asked:
                self.asked.add((supervisor.account_id, reached[-1]))
                self.book.tell(at, "delegate.roster_due", supervisor.email)

    def _roster(self, supervisor: Account) -> list[str]:
        """Whoever has an open account and may act for this one."""
        return [
            delegate
            for (delegate, other), link in self.book.links.items()
            if other == supervisor.account_id and link == "approved" and delegate in self.book.accounts
            and self.book.accounts[delegate].is_open
        ]  # fmt: skip

    def _pair(self, delegate: str, supervisor: str) -> tuple[str, str] | None:
        one, other = self.book.by_address(delegate), self.book.by_address(supervisor)
        if one is None or other is None or not self.book.may_supervise(supervisor):
            return None
        return (one.account_id, other.account_id) if one.state == "active" and one.role in DELEGATES else None
