"""Who holds a CSP registration and has no account, once more and slowly (R5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from messages.credential import CredentialRosterReceived
from workers.simulation.model.book import Book
from workers.simulation.model.calendar import local_day


@dataclass(slots=True)
class Inviting:
    """Holders by number, with the addresses that a roster named."""

    book: Book
    lapses: Mapping[tuple[str, str], date]
    """Credential and its number → the first day without it."""
    addresses: dict[str, str] = field(default_factory=dict)
    invited_on: dict[str, date] = field(default_factory=dict)

    def heard(self, message: CredentialRosterReceived) -> None:
        """A roster came; an address that it leaves out stays as it was."""
        self.addresses |= {one.csp_number: one.email for one in message.holders if one.email}

    def without_account(self, today: date) -> list[str]:
        """Numbers in force whose holders nobody knows, by number or by address."""
        held = {one.numbers.get("csp") for one in self.book.accounts.values() if one.is_open}
        numbers = [number for (what, number), on in self.lapses.items() if what == "csp" and on > today]
        return [
            number
            for number in numbers
            if number not in held and not (number in self.addresses and self.book.is_taken(self.addresses[number]))
        ]

    def invite(self, at: datetime) -> None:
        """R5: by e-mail, again after 30 days."""
        today = local_day(at)
        for number in self.without_account(today):
            last = self.invited_on.get(number)
            if number in self.addresses and (last is None or (today - last).days >= 30):
                self.invited_on[number] = today
                self.book.tell(at, "registration.invited", self.addresses[number])
