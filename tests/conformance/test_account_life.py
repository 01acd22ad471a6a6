"""Accounts on either engine: the whole life once, and who wins when two change one account at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest

from handlers.outcomes import Done, Outcome, Refuse
from handlers.registry import Setting, handlers
from handlers.work import Leaving, Programme, Work
from messages.account import (
    AccountEligibilityKept,
    AccountEmailChangeConfirmed,
    AccountEmailChangeRequested,
    AccountLoginAttempted,
    AccountPasswordReset,
    AccountPasswordResetRequested,
    AccountPasswordSet,
    AccountProfileChanged,
    AccountReinstated,
    AccountTermsAccepted,
    AccountTermsPublished,
)
from messages.credential import CredentialRosterReceived, CspHolder
from messages.envelope import Envelope
from messages.message import Message
from store import accounts, credentials, delegates, inbox, outbox, standing
from store.contract import Conflict, Store, Transaction
from store.sqlite import SqliteStore
from tests.conformance.conftest import OpenStore
from tests.unit.handlers.account_life import (
    ELIGIBILITY,
    LAPSED,
    ROBIN,
    UNREGISTERED,
    csp,
    fail,
    forget_traces,
    found,
    listed,
    log_in,
    result,
    secret_link,
    suspension,
)
from tests.unit.handlers.bench import NOW, PASSWORD, Bench, example_programme

ADMIN = "a@example.org"


@pytest.fixture
async def bench(store: Store) -> Bench:
    """The bench on either engine."""
    return Bench(cast("SqliteStore", store), example_programme(invite_unregistered=True))


async def _state(bench: Bench, name: str = "REG-1") -> str:
    account = await bench.store.read(lambda tx: accounts.one(tx, name))
    assert account is not None
    open_causes = await bench.store.read(lambda tx: standing.causes(tx, name))
    assert (account.state == "suspended") == bool(open_causes)
    return account.state


async def _hold(bench: Bench, kind: credentials.Kind, number: str, name: str = "REG-1") -> None:
    await bench.store.write(lambda tx: credentials.hold_number(tx, name, kind, number))


async def _done(bench: Bench, *messages: Message) -> None:
    for message in messages:
        assert isinstance(await bench.send(message), Done), message.kind


async def test_r36_r37_logins_and_resets(bench: Bench) -> None:
    """Failures lock, a link unlocks, and traces are forgotten."""
    await bench.open_account()
    assert (await log_in(bench))["login"] == "granted"
    assert [(await fail(bench))["login"] for _ in range(5)] == ["wrong"] * 3 + ["locked"] * 2
    await _done(bench, AccountPasswordResetRequested(address=ROBIN), AccountPasswordResetRequested(address=ROBIN))
    reset_id, secret = secret_link(bench)
    used = AccountPasswordReset(reset_id=reset_id, token=bench.seal(secret), password=bench.seal("Other-Horse"))
    await _done(bench, used)
    assert (await log_in(bench, "Other-Horse"))["login"] == "granted"
    await fail(bench)
    await forget_traces(bench, date(2026, 7, 1))
    assert len(await bench.sweep(date(2026, 9, 5))) == 1


async def test_r22_r26_profile_address_and_terms(bench: Bench) -> None:
    """Reported, put before administrators, decided; the address moves; terms are told and accepted."""
    await bench.open_account()
    await _done(bench, AccountProfileChanged(account_id="REG-1", job="Chief", employment="ended"))
    assert await listed(bench, ELIGIBILITY) == ["REG-1: employment ended, reported today"]
    await _done(bench, AccountEligibilityKept(account_id="REG-1", administrator=ADMIN))
    await _done(bench, AccountEmailChangeRequested(account_id="REG-1", new_email="lee@example.org"))
    change_id, secret = secret_link(bench)
    await _done(bench, AccountEmailChangeConfirmed(change_id=change_id, token=bench.seal(secret)))
    await _done(bench, AccountTermsPublished(version="2", effective_on=date(2026, 6, 1), administrator=ADMIN))
    assert (await log_in(bench, address="lee@example.org"))["terms_to_accept"] == "2"
    for _ in range(2):
        await _done(bench, AccountTermsAccepted(account_id="REG-1", version="2", accepted_at=NOW))
    assert (await log_in(bench, address="lee@example.org"))["terms_to_accept"] is None


async def test_r20_r21_r23_access_follows_its_causes(bench: Bench) -> None:
    """Suspension with an end, a lapse, a renewal, delegates told; the history is whole."""
    await bench.open_account()
    await bench.open_account("DEL", email="di@example.org")
    await bench.store.write(lambda tx: delegates.ask(tx, "DEL", "REG-1", now=NOW))
    await bench.store.write(lambda tx: delegates.decide(tx, "DEL", "REG-1", "approved", now=NOW))
    page = await bench.store.read(lambda tx: anext(standing.linked_delegates(tx, "REG-1", page=1)))
    assert [one.account_id for one in page] == ["DEL"]
    await _hold(bench, "license", "PCT.1")
    await _done(bench, suspension(until=date(2026, 7, 1)), suspension(until=date(2026, 7, 2)))
    licence = csp("PCT.1", status="lapsed").model_copy(update={"credential": "license"})
    await _done(bench, licence)
    assert await _state(bench) == "suspended"
    await bench.sweep(date(2026, 7, 2), "suspensions_ended")
    assert await _state(bench) == "suspended"
    assert await listed(bench, LAPSED) == ["REG-1: State license"]
    await _done(bench, licence.model_copy(update={"status": "active", "expires_on": date(2026, 7, 15)}))
    assert await _state(bench) == "active"
    assert len(await bench.sweep(date(2026, 7, 1), "credential_expiry")) == 1
    await bench.sweep(date(2026, 8, 1), "credential_expiry")
    assert await _state(bench) == "suspended"
    assert await bench.store.read(_history) == [
        "suspended", "suspension_ended", "suspension_ended", "suspended", "suspended", "suspended",
    ]  # fmt: skip


async def _history(tx: Transaction) -> list[str]:
    return [one.what async for page in standing.history(tx, "REG-1", page=2) for one in page]


async def test_r5_a_long_roster_is_kept_in_bulk(bench: Bench) -> None:
    """A thousand holders in two messages: news once, accounts followed, the rest listed by number and reminded."""
    await bench.open_account()
    await bench.store.write(lambda tx: credentials.hold_number(tx, "REG-1", "csp", "CSP 7"))
    holders = tuple(CspHolder(csp_number=f"CSP.{n}", name=f"Dr. {n}", email=f"no{n}@example.org") for n in range(1000))
    for part, news in ((holders[:600], 600), (holders[400:], 600), (holders[:10], 10)):
        outcome = await bench.send(CredentialRosterReceived(as_of=NOW, holders=part))
        assert isinstance(outcome, Done)
        assert dict(outcome.result or {})["news"] == news
    older = CredentialRosterReceived(as_of=NOW - timedelta(days=1), holders=holders[:100])
    assert await bench.send(older) == Done({"news": 0, "accounts_changed": 0, "wrong": []})
    assert (await found(bench, UNREGISTERED)).number == 999
    assert len(await bench.sweep(date(2026, 6, 16), "unregistered_prescribers")) == 999
    assert await bench.sweep(date(2026, 6, 17), "unregistered_prescribers") == []


@dataclass
class Races:
    """Two processes, each with its own connection, in front of one account."""

    stores: Sequence[Store]
    programme: Programme
    number: int = 0
    conflicts: int = 0

    async def run(self, *makes: Any, now: datetime = NOW) -> list[Outcome]:
        """Every message is prepared before any is handled; whoever loses a race is run again, as the main path does."""
        prepared = [await self._prepared(store, make, now) for store, make in zip(self.stores, makes, strict=True)]
        return list(
            await asyncio.gather(
                *(
                    self._handled(store, make, one, now)
                    for store, make, one in zip(self.stores, makes, prepared, strict=True)
                )
            )
        )

    async def _prepared(self, store: Store, make: Any, now: datetime) -> tuple[Message, Envelope, Any]:
        self.number += 1
        envelope = Envelope(f"race-{self.number}", "", "portal", b"")
        message: Message = make(lambda secret: self._seal(secret, envelope))
        handler = handlers()[message.kind]
        look, seen = handler.look, None
        if look is not None:
            seen = await store.read(lambda tx: look(tx, message))
        prepare = handler.prepare
        return message, envelope, prepare and prepare(message, Setting(envelope, self.programme, now, now, seen))

    def _seal(self, secret: str, envelope: Envelope) -> str:
        return self.programme.vault.sealing_key.seal(secret, message_id=envelope.message_id)

    async def _handled(self, store: Store, make: Any, made: tuple[Message, Envelope, Any], now: datetime) -> Outcome:
        while True:
            message, envelope, prepared = made
            if isinstance(prepared, Refuse):
                return prepared

            async def unit(
                tx: Transaction, message: Message = message, envelope: Envelope = envelope, prepared: Any = prepared
            ) -> Outcome:
                (seq,) = (await inbox.claim_all(tx, [envelope], now)).values()
                leaving = Leaving(seq)
                work: Work[Any, Any] = Work(message, prepared, envelope, seq, tx, now, now, self.programme, leaving)
                (outcome,) = await handlers()[message.kind].handle_all([work])
                await outbox.stage_all(tx, leaving.staged, now)
                return outcome

            try:
                return await store.write(unit)
            except Conflict:
                self.conflicts += 1
                made = await self._prepared(store, make, now)


@pytest.fixture
async def races(open_store: OpenStore, bench: Bench) -> Races:
    """An account is open."""
    await bench.open_account()
    return Races([bench.store, await open_store()], bench.programme)


def _attempt(password: str) -> Any:
    return lambda seal: AccountLoginAttempted(address=ROBIN, password=seal(password))


def _set(password: str) -> Any:
    return lambda seal: AccountPasswordSet(account_id="REG-1", password=seal(password))


def _reset(link: tuple[str, str], password: str) -> Any:
    return lambda seal: AccountPasswordReset(reset_id=link[0], token=seal(link[1]), password=seal(password))


async def _link(bench: Bench) -> tuple[str, str]:
    await _done(bench, AccountPasswordResetRequested(address=ROBIN))
    return secret_link(bench)


async def _works(bench: Bench, password: str) -> bool:
    account = await bench.store.read(lambda tx: accounts.one(tx, "REG-1"))
    assert account is not None
    return bench.programme.vault.is_hash_of(account.password_hash, password)


async def test_a_reset_and_a_change_at_once_are_one_after_the_other(bench: Bench, races: Races) -> None:
    """The change has the last word: either it invalidated the link, or it was compared again with the reset's password."""
    reset, change = await races.run(_reset(await _link(bench), "Reset-Horse"), _set("Other-Horse"))
    assert isinstance(change, Done)
    assert isinstance(reset, Done) or (isinstance(reset, Refuse) and reset.code == "link_not_valid")
    assert races.conflicts == 1 or isinstance(reset, Refuse)
    assert await _works(bench, "Other-Horse")


async def test_a_link_used_twice_at_once_works_once(bench: Bench, races: Races) -> None:
    """One chooses the password, the other is told that the link is not valid."""
    link = await _link(bench)
    outcomes = await races.run(_reset(link, "First-Horse"), _reset(link, "Second-Horse"))
    assert sorted(type(one).__name__ for one in outcomes) == ["Done", "Refuse"]
    assert await _works(bench, "First-Horse" if isinstance(outcomes[0], Done) else "Second-Horse")


async def test_two_requests_at_once_leave_one_link_that_works(bench: Bench, races: Races) -> None:
    """Whichever comes later invalidates the earlier (R36)."""
    ask = lambda _seal: AccountPasswordResetRequested(address=ROBIN)  # noqa: E731
    assert all(isinstance(one, Done) for one in await races.run(ask, ask))
    assert await bench.store.write(lambda tx: tx.run("resets.replace", address_key=ROBIN)) == 1


async def test_r37_two_failures_at_the_edge_lock_once(bench: Bench, races: Races) -> None:
    """Both are told that it is locked, and its owner is told once."""
    for _ in range(3):
        await fail(bench)
    outcomes = await races.run(_attempt("Wrong-Horse"), _attempt("Worse-Horse"))
    assert [result(one)["login"] for one in outcomes] == ["locked", "locked"]
    assert await _staged(bench, "account.locked") == 1


async def test_r37_a_right_and_a_wrong_password_at_the_edge(bench: Bench, races: Races) -> None:
    """The right one came first and reset the count, or it came to a locked door."""
    for _ in range(3):
        await fail(bench)
    outcomes = await races.run(_attempt("Wrong-Horse"), _attempt(PASSWORD))
    heard = tuple(result(one)["login"] for one in outcomes)
    assert heard in {("wrong", "granted"), ("locked", "locked")}


async def _staged(bench: Bench, name: str) -> int:
    leased = await bench.store.write(
        lambda tx: outbox.lease(tx, "mail", now=NOW, leased_until=NOW + timedelta(days=1), leased_by="t", most=100)
    )
    return sum(one.name == name for one in leased)


async def test_suspension_and_reinstatement_at_once(bench: Bench, races: Races) -> None:
    """Both are carried out, one after the other: the account is what the later one says, and its causes agree."""
    await _done(bench, suspension())
    again = lambda _seal: suspension(until=date(2026, 7, 1))  # noqa: E731
    back = lambda _seal: AccountReinstated(account_id="REG-1", administrator=ADMIN)  # noqa: E731
    outcomes = await races.run(again, back)
    assert all(isinstance(one, Done) for one in outcomes)
    assert await _state(bench) in {"active", "suspended"}


async def test_a_lapse_and_a_reinstatement_at_once_leave_the_lapse_in_force(bench: Bench, races: Races) -> None:
    """Whoever comes first, the account stays suspended for its licence."""
    await _hold(bench, "license", "PCT.1")
    await _done(bench, suspension())
    lapse = lambda _seal: csp("PCT.1", status="lapsed").model_copy(update={"credential": "license"})  # noqa: E731
    back = lambda _seal: AccountReinstated(account_id="REG-1", administrator=ADMIN)  # noqa: E731
    await races.run(lapse, back)
    assert await _state(bench) == "suspended"
    assert await bench.store.read(lambda tx: standing.causes(tx, "REG-1")) == ["credential:license"]


async def test_two_accounts_that_want_one_address_at_once(bench: Bench, races: Races) -> None:
    """One gets it, the other is told that it is taken."""
    await bench.open_account("REG-2", email="sam@example.org")
    links = []
    for name in ("REG-1", "REG-2"):
        await _done(bench, AccountEmailChangeRequested(account_id=name, new_email="lee@example.org"))
        links.append(secret_link(bench))

    def confirm(link: tuple[str, str]) -> Any:
        return lambda seal: AccountEmailChangeConfirmed(change_id=link[0], token=seal(link[1]))

    outcomes = await races.run(confirm(links[0]), confirm(links[1]))
    assert sorted(getattr(one, "code", "done") for one in outcomes) == ["address_in_use", "done"]
