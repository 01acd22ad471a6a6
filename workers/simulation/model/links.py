"""Links between accounts, once more and slowly (R23)."""

from __future__ import annotations

from dataclasses import dataclass

from messages.delegate import DelegateConfirmed, DelegateDecided, DelegateLinked, DelegateUnlinked
from workers.simulation.model.book import DELEGATES, Book
from workers.simulation.said import Said


@dataclass(slots=True)
class Links:
    """Who asks, who decides, who ends it."""

    book: Book

    def linked(self, said: Said, message: DelegateLinked) -> str:
        """R23: asked for by the delegate, or added by the supervisor."""
        place = self._pair(message.delegate, message.supervisor)
        if place is None:
            return "refused"
        link = self.book.links.get(place)
        if message.by == "supervisor":
            if link == "approved":
                return "refused"
            self.book.links[place] = "approved"
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

    def confirmed(self, message: DelegateConfirmed) -> str:
        """R23: the roster as it stands, no other."""
        supervisor = self.book.by_address(message.supervisor)
        if supervisor is None or not self.book.may_supervise(message.supervisor):
            return "refused"
        present = {
            self.book.accounts[delegate].email.lower()
            for (delegate, other), link in self.book.links.items()
            if other == supervisor.account_id and link == "approved" and delegate in self.book.accounts
            and self.book.accounts[delegate].is_open
        }  # fmt: skip
        return "done" if present == {one.lower() for one in message.delegates} else "refused"

    def _pair(self, delegate: str, supervisor: str) -> tuple[str, str] | None:
        one, other = self.book.by_address(delegate), self.book.by_address(supervisor)
        if one is None or other is None or not self.book.may_supervise(supervisor):
            return None
        return (one.account_id, other.account_id) if one.state == "active" and one.role in DELEGATES else None
