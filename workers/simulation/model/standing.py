"""Who may act, and for whom, once more and slowly: suspensions, credentials, links (R20–R23)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from messages.account import (
    AccountDeactivated,
    AccountEligibilityKept,
    AccountProfileChanged,
    AccountReinstated,
    AccountRevoked,
    AccountSuspended,
)
from messages.credential import CredentialChanged, CredentialRosterReceived
from workers.simulation.model.book import DEPENDS_ON, PRESCRIBERS, Account, Book
from workers.simulation.model.calendar import local_day
from workers.simulation.said import Said

WARNED_BEFORE = (30, 14, 7, 1)
ADMINISTRATOR = "administrator"


@dataclass(slots=True)
class Standing:
    """Why an account rests, and since when a credential is gone."""

    book: Book
    lapses: dict[tuple[str, str], date] = field(default_factory=dict)
    """Credential and its number → the first day without it."""
    in_question: set[str] = field(default_factory=set)

    def profile(self, message: AccountProfileChanged) -> str:
        """R22: what ends eligibility is put before an administrator."""
        account = self.book.accounts.get(message.account_id)
        if account is None or not account.is_open:
            return "waiting" if account is None else "refused"
        if message.employment in ("ended", "retired") or message.role == "given_up":
            self.in_question.add(account.account_id)
        return "done"

    def kept(self, message: AccountEligibilityKept) -> str:
        """R22: an administrator leaves it as it is."""
        if message.account_id not in self.in_question or not self.book.is_administrator(message.administrator):
            return "refused"
        self.in_question.discard(message.account_id)
        return "done"

    def suspended(self, said: Said, message: AccountSuspended) -> str:
        """R20: until a day or without end; the holder is told, and delegates that their links rest (R23)."""
        account = self.book.accounts.get(message.account_id)
        if message.until is not None and message.until <= local_day(said.at):
            return "refused"
        if account is None or not self.book.is_administrator(message.administrator) or not account.is_open:
            return "waiting" if account is None else "refused"
        account.causes[ADMINISTRATOR] = message.until
        self.in_question.discard(account.account_id)
        self._move(said.at, account, "suspended")
        self.book.tell(said.at, "account.suspended", account.email)
        return "done"

    def closed(self, said: Said, message: AccountRevoked | AccountDeactivated) -> str:
        """R20: revoked or deactivated."""
        account = self.book.accounts.get(message.account_id)
        state = "revoked" if isinstance(message, AccountRevoked) else "deactivated"
        if account is None:
            return "waiting"
        is_possible = account.is_open or (account.state, state) == ("deactivated", "revoked")
        if not is_possible or not self.book.is_administrator(message.administrator):
            return "refused"
        self.in_question.discard(account.account_id)
        self._move(said.at, account, state)
        self.book.tell(said.at, f"account.{state}", account.email)
        return "done"

    def reinstated(self, said: Said, message: AccountReinstated) -> str:
        """R20, R21: active again, unless a credential keeps it suspended."""
        account = self.book.accounts.get(message.account_id)
        if account is None:
            return "waiting"
        if account.state == "active" or not self.book.is_administrator(message.administrator):
            return "refused"
        if account.state == "suspended" and ADMINISTRATOR not in account.causes:
            return "refused"
        if not account.is_open and self.book.is_taken(account.email):
            return "refused"
        account.causes.pop(ADMINISTRATOR, None)
        today = local_day(said.at)
        for what, on in self._held(account):  # as it is now: renewed or lapsed while the account was closed
            account.causes.pop(f"{what} lapsed", None)
            account.causes |= {f"{what} lapsed": None} if on <= today else {}
        self._move(said.at, account, "suspended" if account.causes else "active")
        if account.state == "active":
            self.book.tell(said.at, "account.reinstated", account.email)
        return "done"

    def _move(self, at: datetime, account: Account, state: str) -> None:
        """R23: delegates hear that a link rests, or holds again."""
        before, account.state = account.state, state
        if before == state or "active" not in (before, state) or account.role not in PRESCRIBERS:
            return
        for (delegate, supervisor), link in self.book.links.items():
            other = self.book.accounts.get(delegate)
            is_linked = supervisor == account.account_id and link == "approved"
            if is_linked and other is not None and other.state == "active":
                notice = "delegate.access_resumed" if state == "active" else "delegate.access_rests"
                self.book.tell(at, notice, other.email)

    def _lift(self, at: datetime, account: Account, cause: str) -> None:
        del account.causes[cause]
        if account.state == "suspended" and not account.causes:
            self._move(at, account, "active")
            self.book.tell(at, "account.reinstated", account.email)

    def suspensions_end(self, at: datetime) -> None:
        """R20: on the day they end."""
        for account in self.book.accounts.values():
            until = account.causes.get(ADMINISTRATOR)
            if until is not None and until <= local_day(at):
                self._lift(at, account, ADMINISTRATOR)

    def credential(self, said: Said, message: CredentialChanged) -> str:
        """R21: what lapsed suspends who depends on it, a renewal reinstates."""
        account = self.book.accounts.get(message.account_id or "")
        if message.account_id is not None and account is None:
            return "waiting"
        number = message.number or (account.numbers.get(message.credential, "") if account else "")
        if not number:
            return "refused"
        until = message.expires_on or date.max
        self.lapses[(message.credential, number)] = (
            until if message.status == "active" else min(until, local_day(said.at))
        )
        if account is not None and message.number:
            account.numbers[message.credential] = number
        for one in self.book.accounts.values():
            if one.numbers.get(message.credential) == number and one.is_open:
                self._follow(said.at, one, message.credential)
        return "done"

    def roster(self, said: Said, message: CredentialRosterReceived) -> str:
        """R5, R21: the same of many at once."""
        for holder in message.holders:
            until = holder.expires_on or date.max
            ends = until if holder.status == "active" else min(until, local_day(said.at))
            self.lapses[("csp", holder.csp_number)] = ends
            for one in self.book.accounts.values():
                if one.numbers.get("csp") == holder.csp_number and one.is_open:
                    self._follow(said.at, one, "csp")
        return "done"

    def _follow(self, at: datetime, account: Account, what: str) -> None:
        if what not in DEPENDS_ON.get(account.role, ()):
            return
        cause = f"{what} lapsed"
        on = self.lapses.get((what, account.numbers.get(what, "")))
        if on is None:
            return
        if on > local_day(at):
            if cause in account.causes:
                self._lift(at, account, cause)
        elif cause not in account.causes:
            account.causes[cause] = None
            self._move(at, account, "suspended")
            self.book.tell(at, "credential.lapsed", account.email)

    def _held(self, account: Account) -> list[tuple[str, date]]:
        found = [(what, self.lapses.get((what, account.numbers.get(what, ""))))
                 for what in DEPENDS_ON.get(account.role, ())]  # fmt: skip
        return [(what, on) for what, on in found if on is not None]

    def credentials(self, at: datetime) -> None:
        """R21: warned 30, 14, 7 and 1 days before, suspended on the day."""
        today = local_day(at)
        for account in self.book.accounts.values():
            if not account.is_open:
                continue
            for what, on in self._held(account):
                if (on - today).days in WARNED_BEFORE:
                    self.book.tell(at, "credential.expiring", account.email)
                if on <= today:
                    self._follow(at, account, what)
