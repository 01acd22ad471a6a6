"""Account: a new password is in force at once and its 90 days begin (R30–R32, R38)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from handlers.account import password_set
from handlers.outcomes import Defer, Done, Refuse
from handlers.passwords import NewPassword
from handlers.work import Leaving, Work
from messages.account import AccountPasswordSet
from messages.envelope import Envelope
from store import accounts
from store.accounts import Account
from store.contract import Conflict, Transaction
from tests.unit.handlers.bench import NOW, PASSWORD, Bench

NEW = "Other-Horse"


def _set(bench: Bench, password: str = NEW, *, set_at: datetime | None = None) -> AccountPasswordSet:
    return AccountPasswordSet(account_id="REG-1", password=bench.seal(password), set_at=set_at)


async def _account(bench: Bench) -> Account:
    account = await bench.store.read(lambda tx: accounts.one(tx, "REG-1"))
    assert account is not None
    return account


async def test_r32_a_new_password_begins_its_days(bench: Bench) -> None:
    """It replaces the former one; the sender, the holder and the portal learn the date."""
    await bench.open_account()
    bench.now = NOW + timedelta(days=30)
    assert await bench.send(_set(bench)) == Done({"expires_on": "2026-10-13"})
    account = await _account(bench)
    assert bench.programme.vault.is_hash_of(account.password_hash, NEW)
    assert not bench.programme.vault.is_hash_of(account.password_hash, PASSWORD)
    assert (account.password_set_on, account.password_expires_on) == (date(2026, 7, 15), date(2026, 10, 13))
    assert bench.told == [("account.password_changed", "robin@example.org")]
    assert [(one.name, one.facts["expires_on"]) for one in bench.events] == [("account.password_set", "2026-10-13")]


async def test_r31_a_new_password_differs_from_the_previous(bench: Bench) -> None:
    """The present one is refused; the one before it will do."""
    await bench.open_account()
    outcome = await bench.send(_set(bench, PASSWORD))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("password_unchanged", "password")
    assert isinstance(await bench.send(_set(bench, NEW)), Done)
    assert isinstance(await bench.send(_set(bench, PASSWORD)), Done)


async def test_r30_a_weak_password_is_refused(bench: Bench) -> None:
    """What it lacks is said, and the former one stays in force."""
    await bench.open_account()
    outcome = await bench.send(_set(bench, "weak"))
    assert isinstance(outcome, Refuse)
    assert outcome.text == "The password lacks at least 8 characters, an upper-case letter, a symbol (R30)."
    assert bench.programme.vault.is_hash_of((await _account(bench)).password_hash, PASSWORD)


async def test_a_password_waits_for_its_account(bench: Bench) -> None:
    """The approval may come later than the password."""
    assert await bench.send(_set(bench)) == Defer("account_unknown", "No account of this id exists.")
    assert bench.told == []


async def test_r31_a_password_set_meanwhile_is_a_conflict(bench: Bench) -> None:
    """What the new one was compared with is no longer the present one: it must be compared again."""
    await bench.open_account()
    stale = NewPassword("hash", compared_with="another hash")

    async def unit(tx: Transaction) -> object:
        envelope = Envelope("m9", "account.password_set", "portal", b"")
        return await password_set(
            Work(_set(bench), stale, envelope, 9, tx, bench.now, bench.now, bench.programme, Leaving(9))
        )  # fmt: skip

    with pytest.raises(Conflict):
        await bench.store.write(unit)


async def test_r32_the_date_counts_on_which_it_was_set(bench: Bench) -> None:
    """A message that was long on its way does not lengthen the password's life."""
    await bench.open_account()
    bench.now = NOW + timedelta(days=10)
    assert await bench.send(_set(bench, set_at=NOW + timedelta(days=3))) == Done({"expires_on": "2026-09-16"})


async def test_r32_nobody_sets_a_password_in_the_future(bench: Bench) -> None:
    """A portal whose clock is fast cannot lengthen the password's life either."""
    await bench.open_account()
    assert await bench.send(_set(bench, set_at=NOW + timedelta(days=50))) == Done({"expires_on": "2026-09-13"})


async def test_an_older_password_does_not_replace_a_later_one(bench: Bench) -> None:
    """Messages may overtake each other: the later day stays."""
    await bench.open_account()
    bench.now = NOW + timedelta(days=5)
    await bench.send(_set(bench))
    outcome = await bench.send(_set(bench, "Third-Horse", set_at=NOW + timedelta(days=2)))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == ("superseded", "set_at")
    assert bench.programme.vault.is_hash_of((await _account(bench)).password_hash, NEW)
