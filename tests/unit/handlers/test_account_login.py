"""Logins: checked, counted, locked, reminded of; and never a word of who has an account (R26, R34–R37)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.outcomes import Done, Refuse
from messages.account import (
    AccountLoginAttempted,
    AccountLoginSucceeded,
    AccountPasswordSet,
    AccountTermsAccepted,
    AccountTermsPublished,
)
from store import terms
from tests.unit.handlers.account_life import ROBIN, account, fail, forget_traces, log_in, result, suspension
from tests.unit.handlers.bench import NOW, Bench
from tests.unit.handlers.conftest import OpenBench

MINUTE = timedelta(minutes=1)
STRANGER = "nobody@example.org"


async def test_a_right_password_is_let_in(bench: Bench) -> None:
    """The portal learns whose account it is and how long the password lives."""
    await bench.open_account()
    assert await log_in(bench) == {
        "login": "granted", "account_id": "REG-1", "role": "Pharmacist", "password_expires_on": "2026-09-13",
        "days_left": 90, "remind": False, "terms_to_accept": None,
    }  # fmt: skip
    assert bench.told == []


async def test_addresses_are_compared_without_case(bench: Bench) -> None:
    """R2 holds for logging in too."""
    await bench.open_account()
    assert (await log_in(bench, address="ROBIN@Example.Org"))["login"] == "granted"


async def test_r37_four_failures_lock_for_ten_minutes_and_the_owner_is_told(bench: Bench) -> None:
    """Meanwhile the right password does not help; afterwards it does."""
    await bench.open_account()
    assert [(await log_in(bench, "Wrong-Horse"))["login"] for _ in range(3)] == ["wrong"] * 3
    assert bench.told == []
    locked = await log_in(bench, "Wrong-Horse")
    assert locked == {"login": "locked", "locked_until": "2026-06-15T15:10:00.000000Z"}
    assert bench.told == [("account.locked", ROBIN)]
    assert await log_in(bench) == locked
    assert bench.told == []
    bench.now = NOW + 10 * MINUTE - timedelta(microseconds=1)
    assert await log_in(bench) == locked
    bench.now = NOW + 10 * MINUTE
    assert (await log_in(bench))["login"] == "granted"


async def test_r37_a_success_resets_the_count(bench: Bench) -> None:
    """Three failures before it do not count with three after it."""
    await bench.open_account()
    for _ in range(2):
        assert [(await log_in(bench, "Wrong-Horse"))["login"] for _ in range(3)] == ["wrong"] * 3
        assert (await log_in(bench))["login"] == "granted"


async def test_r37_failures_outside_the_window_are_forgotten(bench: Bench) -> None:
    """Three failures an hour ago and one now are one."""
    await bench.open_account()
    for _ in range(3):
        await fail(bench)
    bench.now = NOW + 60 * MINUTE
    assert await fail(bench) == {"login": "wrong"}


async def test_r37_attempts_while_locked_do_not_lengthen_the_lock(bench: Bench) -> None:
    """And the count begins anew after it."""
    await bench.open_account()
    for _ in range(4):
        await fail(bench)
    for minute in range(1, 10):
        bench.now = NOW + minute * MINUTE
        assert (await fail(bench))["locked_until"] == "2026-06-15T15:10:00.000000Z"
    bench.now = NOW + 10 * MINUTE
    assert [(await fail(bench))["login"] for _ in range(4)] == ["wrong"] * 3 + ["locked"]


async def test_r37_the_numbers_are_the_programme_s(bench_of: OpenBench) -> None:
    """Two failures, one minute."""
    bench = await bench_of(login_failures_max=2, lock_minutes=1)
    await bench.open_account()
    await fail(bench)
    assert (await fail(bench))["locked_until"] == "2026-06-15T15:01:00.000000Z"
    assert bench.mails[0].facts["minutes"] == 1


async def test_r36_an_address_that_nobody_has_fails_alike(bench: Bench) -> None:
    """Wrong three times, locked the fourth: as any other, and nothing leaves to it."""
    await bench.open_account()
    for address in (STRANGER, ROBIN):
        heard = [await log_in(bench, "Wrong-Horse", address=address) for _ in range(5)]
        assert [one["login"] for one in heard] == ["wrong"] * 3 + ["locked"] * 2
        assert heard[3] == heard[4]
    assert [mail.subject for mail in bench.written if mail.recipient == STRANGER] == []


async def test_r35_an_expired_password_is_told_to_who_knows_it(bench: Bench) -> None:
    """From the start of the expiration date in the programme's zone; a wrong password learns nothing of it."""
    await bench.open_account()
    bench.now = datetime(2026, 9, 13, 3, 59, tzinfo=UTC)
    assert (await log_in(bench))["days_left"] == 1
    bench.now = datetime(2026, 9, 13, 4, 0, tzinfo=UTC)
    assert await log_in(bench) == {"login": "expired", "expired_on": "2026-09-13"}
    assert await log_in(bench, "Wrong-Horse") == {"login": "wrong"}
    assert (await account(bench)).state == "active"


async def test_r20_a_suspended_account_is_not_let_in(bench: Bench) -> None:
    """Only who knows the password learns that it is not active."""
    await bench.open_account()
    await bench.send(suspension())
    assert await log_in(bench) == {"login": "not_active"}
    assert await log_in(bench, "Wrong-Horse") == {"login": "wrong"}


@pytest.mark.parametrize("state", ["revoked", "deactivated"])
async def test_r20_a_closed_account_is_no_account(bench: Bench, state: str) -> None:
    """Its address is free again, so it is answered as one that nobody has."""
    await bench.open_account()
    await bench.change(f"UPDATE accounts SET state = '{state}'")
    assert await log_in(bench) == {"login": "wrong"}


async def test_r34_a_login_within_the_last_days_raises_a_reminder_once_a_day(bench: Bench) -> None:
    """The day's sweep and any number of logins are one e-mail; the next day has its own."""
    await bench.open_account()
    bench.now = datetime(2026, 9, 4, 15, 0, tzinfo=UTC)
    assert (await log_in(bench))["remind"] is True
    assert bench.told == [("account.password_expiring", ROBIN)]
    await log_in(bench)
    assert await bench.sweep(date(2026, 9, 4)) == []
    assert await bench.count("outbox WHERE name = 'account.password_expiring'") == 1
    assert len(await bench.sweep(date(2026, 9, 5))) == 1
    bench.now = datetime(2026, 9, 5, 15, 0, tzinfo=UTC)
    await log_in(bench)
    assert await bench.count("outbox WHERE name = 'account.password_expiring'") == 2


async def test_r34_a_portal_that_checks_by_itself_is_served_alike(bench: Bench) -> None:
    """It hears of the last days, of a lock and of an expired password."""
    await bench.open_account()
    bench.now = datetime(2026, 9, 12, 15, 0, tzinfo=UTC)
    heard = result(await bench.send(AccountLoginSucceeded(address=ROBIN)))
    assert (heard["login"], heard["days_left"], heard["remind"]) == ("granted", 1, True)
    for _ in range(4):
        await fail(bench)
    assert result(await bench.send(AccountLoginSucceeded(address=ROBIN)))["login"] == "locked"
    bench.now = datetime(2026, 9, 13, 15, 0, tzinfo=UTC)
    assert result(await bench.send(AccountLoginSucceeded(address=ROBIN)))["login"] == "expired"
    assert result(await bench.send(AccountLoginSucceeded(address=STRANGER)))["login"] == "wrong"


async def test_r26_new_terms_are_told_at_the_next_login_once(bench: Bench) -> None:
    """From the day they are in force until they are accepted the portal hears of them; the e-mail comes once."""
    await bench.open_account()
    published = AccountTermsPublished(version="2026-07", effective_on=date(2026, 7, 1), administrator="a@example.org")
    assert isinstance(await bench.send(published), Done)
    bench.now = datetime(2026, 7, 1, 3, 59, tzinfo=UTC)
    assert (await log_in(bench))["terms_to_accept"] is None
    bench.now = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
    for _ in range(2):
        assert (await log_in(bench))["terms_to_accept"] == "2026-07"
    assert await bench.count("outbox WHERE name = 'account.terms_updated'") == 1
    accepted = AccountTermsAccepted(account_id="REG-1", version="2026-07", accepted_at=bench.now)
    assert isinstance(await bench.send(accepted), Done)
    assert (await log_in(bench))["terms_to_accept"] is None


async def test_r26_who_accepted_what_stays_provable(bench: Bench) -> None:
    """The consent of the registration and every later one keep their first time."""
    await bench.open_account()
    assert await _accepted_at(bench, "2026-01") == NOW
    published = AccountTermsPublished(version="2026-07", effective_on=date(2026, 7, 1), administrator="a@example.org")
    await bench.send(published)
    again = await bench.send(published)
    assert isinstance(again, Refuse)
    assert again.code == "version_exists"
    for minutes in (0, 5):
        accepted = AccountTermsAccepted(account_id="REG-1", version="2026-07", accepted_at=NOW + minutes * MINUTE)
        bench.now = NOW + timedelta(hours=1)
        await bench.send(accepted)
    assert await _accepted_at(bench, "2026-07") == NOW


async def _accepted_at(bench: Bench, version: str) -> datetime | None:
    return await bench.store.read(lambda tx: terms.accepted_at(tx, "REG-1", version))


async def test_r26_terms_are_published_by_administrators(bench: Bench) -> None:
    """Anybody else is refused."""
    await bench.open_account()
    outcome = await bench.send(
        AccountTermsPublished(version="2026-07", effective_on=date(2026, 7, 1), administrator=ROBIN)
    )
    assert isinstance(outcome, Refuse)
    assert outcome.code == "not_an_administrator"


async def test_a_login_with_the_new_password_works_at_once(bench: Bench) -> None:
    """And the former one is wrong from then on."""
    await bench.open_account()
    await bench.send(AccountPasswordSet(account_id="REG-1", password=bench.seal("Other-Horse")))
    assert (await log_in(bench, "Other-Horse"))["login"] == "granted"
    assert (await log_in(bench))["login"] == "wrong"


async def test_a_password_sealed_for_another_message_is_refused(bench: Bench) -> None:
    """It is not counted: nobody tried it."""
    await bench.open_account()
    moved = bench.seal("Right-Horse", "another")
    outcome = await bench.send(AccountLoginAttempted(address=ROBIN, password=moved))
    assert isinstance(outcome, Refuse)
    assert outcome.code == "password_not_readable"
    assert await bench.count("login_failures") == 0


async def test_traces_of_strangers_are_forgotten(bench: Bench) -> None:
    """After a week no address that failed is known any more."""
    await fail(bench, address=STRANGER)
    await forget_traces(bench, date(2026, 6, 22))
    assert await bench.count("login_failures") == 1
    await forget_traces(bench, date(2026, 6, 23))
    assert await bench.count("login_failures") == 0
