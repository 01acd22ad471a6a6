"""Logins, passwords, addresses and terms, once more and slowly (R22, R26, R30–R37)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from messages.account import (
    AccountEmailChangeRequested,
    AccountLoginAttempted,
    AccountLoginFailed,
    AccountLoginSucceeded,
    AccountPasswordResetRequested,
    AccountPasswordSet,
    AccountTermsAccepted,
    AccountTermsPublished,
)
from workers.simulation.model.book import Account, Book
from workers.simulation.model.calendar import local_day
from workers.simulation.model.forms import is_strong
from workers.simulation.said import Said

Login = AccountLoginAttempted | AccountLoginSucceeded | AccountLoginFailed


@dataclass(slots=True)
class Failures:
    """R37: failed logins of an address."""

    number: int = 0
    since: datetime | None = None
    locked_until: datetime | None = None


@dataclass(slots=True)
class Reset:
    """R36, R22: a link that was sent."""

    account_id: str
    ends_at: datetime
    new_email: str = ""


@dataclass(slots=True)
class Access:
    """Who gets in with which password, and what is said on the way."""

    book: Book
    failures: dict[str, Failures] = field(default_factory=dict)
    asked: dict[str, list[datetime]] = field(default_factory=dict)
    resets: dict[str, Reset] = field(default_factory=dict)
    changes: dict[str, Reset] = field(default_factory=dict)
    terms: dict[str, date] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)

    def login(self, said: Said, message: Login) -> str:
        """R34, R35, R37: granted or refused, and counted when it failed. A portal may have looked at the password itself."""
        address = message.address.lower()
        failed = self.failures.setdefault(address, Failures())
        account = self.book.by_address(address)
        if failed.locked_until is not None and said.at < failed.locked_until:
            return "refused"
        is_right = isinstance(message, AccountLoginSucceeded) or (
            account is not None and said.password == account.password
        )
        if account is None or not is_right:
            self._failed(said.at, failed, account)
            return "refused"
        if account.state != "active" or local_day(said.at) >= account.expires_on:
            return "refused"
        del self.failures[address]
        self._warn(said.at, account)
        in_force = [(on, version) for version, on in self.terms.items() if on <= local_day(said.at)]
        if in_force and (account.account_id, max(in_force)[1]) not in self.accepted:
            version = max(in_force)[1]
            self.book.tell(said.at, "account.terms_updated", account.email, once=f"{account.account_id} {version}")
        return "done"

    def _failed(self, at: datetime, failed: Failures, account: Account | None) -> None:
        is_old = failed.since is None or failed.since <= at - timedelta(minutes=60)
        failed.number, failed.since = (1, at) if is_old else (failed.number + 1, failed.since)
        if failed.number >= 4:
            failed.number, failed.locked_until = 0, at + timedelta(minutes=10)
            if account is not None:
                self.book.tell(at, "account.locked", account.email)

    def _warn(self, at: datetime, account: Account) -> None:
        """R33, R34: within the nine days before, once a day whatever the occasion."""
        today = local_day(at)
        if 1 <= (account.expires_on - today).days <= 9:
            once = f"{account.account_id} {today}"
            self.book.tell(at, "account.password_expiring", account.email, once=once)

    def passwords(self, at: datetime) -> None:
        """R33, R35: the morning's warnings; an expiry is told once."""
        today = local_day(at)
        for account in self.book.accounts.values():
            if account.state != "active":
                continue
            self._warn(at, account)
            if timedelta(0) <= today - account.expires_on <= timedelta(days=30):
                if account.expires_on not in account.expiry_told:
                    self.book.tell(at, "account.password_expired", account.email)
                account.expiry_told.add(account.expires_on)

    def password_set(self, said: Said, message: AccountPasswordSet) -> str:
        """R30–R32: strong, and another than before."""
        account = self.book.accounts.get(message.account_id)
        if not is_strong(said.password) or (account is not None and said.password == account.password):
            return "refused"
        if account is None:
            return "waiting"
        if not account.is_open:
            return "refused"
        return self._renew(said, account)

    def _renew(self, said: Said, account: Account) -> str:
        account.password, account.set_on = said.password, local_day(said.at)
        self._spend(account)
        self.book.tell(said.at, "account.password_changed", account.email)
        return "done"

    def _spend(self, account: Account) -> None:
        self.resets = {key: one for key, one in self.resets.items() if one.account_id != account.account_id}

    def reset_wanted(self, said: Said, message: AccountPasswordResetRequested) -> str:
        """R36: three an hour; a later link replaces the earlier; an address that nobody has gets none."""
        address = message.address.lower()
        asked = [at for at in self.asked.get(address, []) if at > said.at - timedelta(hours=1)]
        if len(asked) >= 3:
            return "refused"
        self.asked[address] = [*asked, said.at]
        account = self.book.by_address(address)
        if account is not None:
            self.resets[address] = Reset(account.account_id, said.at + timedelta(minutes=20))
            self.book.tell(said.at, "account.password_reset", account.email)
        return "done"

    def reset(self, said: Said) -> str:
        """R35–R37: a link works once, for twenty minutes; it lifts a lock."""
        link = self.resets.get(said.link_of.lower())
        if not is_strong(said.password):
            return "refused"
        if link is None or said.link != "newest" or said.at >= link.ends_at:
            return "refused"
        account = self.book.accounts[link.account_id]
        if said.password == account.password or not account.is_open:
            return "refused"
        self.failures.pop(account.email.lower(), None)
        return self._renew(said, account)

    def address_change(self, said: Said, message: AccountEmailChangeRequested) -> str:
        """R22: a link to the new address."""
        account = self.book.accounts.get(message.account_id)
        if account is None:
            return "waiting"
        if not account.is_open or self.book.is_taken(message.new_email):
            return "refused"
        self.changes[message.new_email.lower()] = Reset(
            account.account_id, said.at + timedelta(hours=24), message.new_email
        )
        self.book.tell(said.at, "account.email_change_confirm", message.new_email)
        return "done"

    def address_confirmed(self, said: Said) -> str:
        """R22: in force, and the old address told."""
        link = self.changes.get(said.link_of.lower())
        if link is None or said.link != "newest" or said.at >= link.ends_at or self.book.is_taken(link.new_email):
            return "refused"
        account = self.book.accounts[link.account_id]
        del self.changes[said.link_of.lower()]
        self._spend(account)
        self.failures.pop(account.email.lower(), None)
        self.book.tell(said.at, "account.email_changed", account.email)
        account.email = link.new_email
        return "done"

    def terms_published(self, message: AccountTermsPublished) -> str:
        """R26."""
        if message.version in self.terms or not self.book.is_administrator(message.administrator):
            return "refused"
        self.terms[message.version] = message.effective_on
        return "done"

    def terms_accepted(self, message: AccountTermsAccepted) -> str:
        """R26."""
        if message.account_id not in self.book.accounts or message.version not in self.terms:
            return "waiting"
        self.accepted.add((message.account_id, message.version))
        return "done"
