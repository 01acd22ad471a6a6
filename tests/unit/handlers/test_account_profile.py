"""What users report of themselves, and their address, which changes only when the new one is proved (R22)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.outcomes import DONE, Defer, Done, Outcome, Refuse
from messages.account import (
    AccountEligibilityKept,
    AccountEmailChangeConfirmed,
    AccountEmailChangeRequested,
    AccountPasswordReset,
    AccountPasswordResetRequested,
    AccountProfileChanged,
    AccountSuspended,
)
from tests.unit.handlers.account_life import ELIGIBILITY, ROBIN, account, listed, log_in, secret_link, suspension
from tests.unit.handlers.bench import NOW, Bench

NEW = "robin.lee@example.org"


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refuse)
    return outcome.code


async def _profile(bench: Bench) -> tuple[str, ...]:
    rows = await bench.store._writer.execute("SELECT first_name, last_name, facility, job, employment FROM accounts")
    return tuple(next(iter(await rows.fetchall())))


async def test_r22_a_reported_profile_replaces_what_it_names(bench: Bench) -> None:
    """The rest stays; the history says what changed and not into what."""
    await bench.open_account()
    first = AccountProfileChanged(account_id="REG-1", last_name="Lee", facility="Elm Clinic", employment="employed")
    assert await bench.send(first) == Done({"before_administrators": False})
    await bench.send(AccountProfileChanged(account_id="REG-1", job="Chief"))
    assert await _profile(bench) == ("Robin", "Lee", "Elm Clinic", "Chief", "employed")
    assert (await account(bench)).name == "Robin Lee"
    assert await bench.count("account_history WHERE reason = 'employment, facility, last_name'") == 1
    assert await listed(bench, ELIGIBILITY) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"employment": "ended"}, "employment ended"),
        ({"employment": "retired", "job": "None"}, "employment retired"),
        ({"role": "given_up"}, "role given up"),
    ],
)
async def test_r22_a_change_that_ends_eligibility_is_put_before_administrators(
    bench: Bench, change: dict[str, str], why: str
) -> None:
    """It stays on their list until one decides: keeps the account, suspends or closes it. By itself it ends nothing."""
    await bench.open_account()
    message = AccountProfileChanged.model_validate({"account_id": "REG-1"} | change)
    assert await bench.send(message) == Done({"before_administrators": True})
    assert await listed(bench, ELIGIBILITY) == [f"REG-1: {why}, reported today"]
    assert (await account(bench)).state == "active"
    kept = AccountEligibilityKept(account_id="REG-1", administrator="a@example.org")
    assert await bench.send(kept) == DONE
    assert await listed(bench, ELIGIBILITY) == []
    assert _code(await bench.send(kept)) == "nothing_to_look_at"
    await bench.send(message)
    await bench.send(suspension())
    assert await listed(bench, ELIGIBILITY) == []


async def test_r22_only_administrators_keep_an_account(bench: Bench) -> None:
    """Its holder cannot."""
    await bench.open_account()
    await bench.send(AccountProfileChanged(account_id="REG-1", role="given_up"))
    outcome = await bench.send(AccountEligibilityKept(account_id="REG-1", administrator=ROBIN))
    assert _code(outcome) == "not_an_administrator"
    assert len(await listed(bench, ELIGIBILITY)) == 1


async def test_messages_wait_for_their_account(bench: Bench) -> None:
    """The approval may come later."""
    for message in (
        AccountProfileChanged(account_id="REG-9", job="Chief"),
        AccountEligibilityKept(account_id="REG-9", administrator="a@example.org"),
        AccountEmailChangeRequested(account_id="REG-9", new_email=NEW),
        AccountSuspended(account_id="REG-9", administrator="a@example.org", ground="other"),
    ):
        outcome = await bench.send(message)
        assert isinstance(outcome, Defer)
        assert outcome.code == "account_unknown"


async def _request(bench: Bench, address: str = NEW) -> Outcome:
    return await bench.send(AccountEmailChangeRequested(account_id="REG-1", new_email=address))


async def _confirm(bench: Bench, link: tuple[str, str]) -> Outcome:
    return await bench.send(AccountEmailChangeConfirmed(change_id=link[0], token=bench.seal(link[1])))


async def test_r22_an_address_changes_when_its_link_is_used(bench: Bench) -> None:
    """Until then the old one counts; then the new one does, and the old one is told."""
    await bench.open_account()
    assert await _request(bench) == DONE
    assert bench.told == [("account.email_change_confirm", NEW)]
    assert bench.mails[0].facts["expires_at_text"] == "June 16, 2026, 11:00 AM EDT"
    link = secret_link(bench)
    assert (await account(bench)).email == ROBIN
    assert await _confirm(bench, link) == Done({"account_id": "REG-1"})
    assert bench.told == [("account.email_changed", ROBIN)]
    assert (await account(bench)).email == NEW
    assert (await log_in(bench, address=NEW))["login"] == "granted"
    assert (await log_in(bench))["login"] == "wrong"


async def test_r22_a_link_to_an_address_works_once_and_for_a_day(bench: Bench) -> None:
    """Used, replaced, too old or guessed: it is not valid."""
    await bench.open_account()
    await _request(bench)
    replaced = secret_link(bench)
    await _request(bench, "robin.third@example.org")
    link = secret_link(bench)
    assert _code(await _confirm(bench, replaced)) == "link_not_valid"
    assert _code(await _confirm(bench, (link[0], "guessed"))) == "link_not_valid"
    bench.now = NOW + timedelta(hours=24)
    assert _code(await _confirm(bench, link)) == "link_not_valid"
    bench.now = NOW + timedelta(hours=23)
    assert isinstance(await _confirm(bench, link), Done)
    assert _code(await _confirm(bench, link)) == "link_not_valid"


async def test_r2_an_address_that_is_taken_cannot_become_another_s(bench: Bench) -> None:
    """Refused when it is asked for, and also when it was taken meanwhile."""
    await bench.open_account()
    assert _code(await _request(bench, "ROBIN@example.org")) == "address_unchanged"
    await _request(bench)
    link = secret_link(bench)
    await bench.open_account("REG-2", email=NEW)
    assert _code(await _confirm(bench, link)) == "address_in_use"
    assert _code(await _request(bench)) == "address_in_use"
    assert (await account(bench)).email == ROBIN


async def test_r22_links_that_went_to_the_old_address_work_no_more(bench: Bench) -> None:
    """Whoever still reads the old mailbox cannot choose the password."""
    await bench.open_account()
    await bench.send(AccountPasswordResetRequested(address=ROBIN))
    reset_id, secret = secret_link(bench)
    await _request(bench)
    await _confirm(bench, secret_link(bench))
    used = AccountPasswordReset(reset_id=reset_id, token=bench.seal(secret), password=bench.seal("Other-Horse"))
    assert _code(await bench.send(used)) == "link_not_valid"
