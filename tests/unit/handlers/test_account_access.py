"""Access is taken away and given back by administrators, and ends and begins with its causes (R20, R21, R23)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest

from handlers.outcomes import Done, Outcome, Refuse
from handlers.rules.standing import GROUNDS, NEXT, Act, State
from messages.account import AccountDeactivated, AccountReinstated, AccountRevoked, AccountSuspended, Ground
from store import delegates, standing
from tests.unit.handlers.account_life import ROBIN, account, causes, csp, log_in, open_as, suspension
from tests.unit.handlers.bench import NOW, Bench

ADMIN = "a@example.org"


def _act(act: Act, name: str = "REG-1", *, administrator: str = ADMIN) -> Any:
    to: dict[str, Any] = {"account_id": name, "administrator": administrator}
    match act:
        case "suspend":
            return AccountSuspended(ground="other", **to)
        case "revoke":
            return AccountRevoked(ground="other", **to)
        case "deactivate":
            return AccountDeactivated(ground="on_request", **to)
        case "reinstate":
            return AccountReinstated(**to)


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refuse)
    return outcome.code


@pytest.mark.parametrize("act", get_args(Act))
@pytest.mark.parametrize("state", get_args(State))
async def test_r20_what_an_account_may_become_stands_in_one_table(bench: Bench, state: State, act: Act) -> None:
    """Each state and each act: the state it names is reached, and what it does not name is refused and changes nothing."""
    await bench.open_account()
    reach: dict[State, Act | None] = {
        "active": None, "suspended": "suspend", "revoked": "revoke", "deactivated": "deactivate"
    }  # fmt: skip
    if reached_by := reach[state]:
        await bench.send(_act(reached_by))
    assert (await account(bench)).state == state
    outcome, becomes = await bench.send(_act(act)), NEXT[state][act]
    if becomes is None:
        assert _code(outcome) == "not_possible"
        assert bench.told == []
    else:
        assert outcome == Done({"state": becomes})
        assert len(bench.told) == 1
    assert (await account(bench)).state == (becomes or state)


@pytest.mark.parametrize("act", get_args(Act))
async def test_r20_only_administrators_decide(bench: Bench, act: Act) -> None:
    """A user, and one who is no account at all, are refused."""
    await bench.open_account()
    for who in (ROBIN, "nobody@example.org"):
        assert _code(await bench.send(_act(act, administrator=who))) == "not_an_administrator"
    assert (await account(bench)).state == "active"


async def test_r20_user_and_actor_are_recorded_and_the_user_is_told(bench: Bench) -> None:
    """The history names ground, actor, words and time, newest first; the e-mail gives ground and words."""
    await bench.open_account()
    await bench.send(suspension(until=date(2026, 7, 1)))
    assert bench.told == [("account.suspended", ROBIN)]
    assert dict(bench.mails[0].facts) == {
        "name": "Robin Example", "until": "2026-07-01",
        "reason": "An investigation or audit did not have your cooperation.\nNo answer.",
    }  # fmt: skip
    await bench.send(_act("reinstate"))
    history = await bench.store.read(_history)
    assert [(one.what, one.ground, one.actor, one.reason, one.changed_at) for one in history] == [
        ("reinstated", "administrator", ADMIN, None, NOW),
        ("suspended", "not_cooperating", ADMIN, "No answer.", NOW),
    ]


async def _history(tx: Any) -> list[standing.Change]:
    return [one async for page in standing.history(tx, "REG-1", page=1) for one in page]


def test_every_ground_has_words() -> None:
    """Whatever a message may give as ground, the e-mail can say."""
    deactivation = get_args(AccountDeactivated.model_fields["ground"].annotation)
    assert set(get_args(Ground)) | set(deactivation) == set(GROUNDS)


async def test_r20_a_temporary_suspension_ends_by_itself(bench: Bench) -> None:
    """At the start of its date, once, also when the day itself was missed; the holder is told."""
    await bench.open_account()
    await bench.send(suspension(until=date(2026, 7, 1)))
    assert await bench.sweep(date(2026, 6, 30), "suspensions_ended") == []
    assert (await account(bench)).state == "suspended"
    await bench.sweep(date(2026, 7, 3), "suspensions_ended")
    assert bench.told == [("account.reinstated", ROBIN)]
    assert (await account(bench)).state == "active"
    assert await bench.sweep(date(2026, 7, 4), "suspensions_ended") == []
    assert (await bench.store.read(_history))[0].actor == "date"


async def test_r20_a_suspension_ends_after_today(bench: Bench) -> None:
    """Today in the programme's zone, or earlier, is refused."""
    await bench.open_account()
    bench.now = datetime(2026, 6, 16, 3, 0, tzinfo=UTC)  # still the 15th in New York
    assert _code(await bench.send(suspension(until=date(2026, 6, 15)))) == "until_is_past"
    assert isinstance(await bench.send(suspension(until=date(2026, 6, 16))), Done)


async def test_r20_a_second_suspension_moves_the_end(bench: Bench) -> None:
    """Temporary becomes indefinite: the date of the first frees nobody."""
    await bench.open_account()
    await bench.send(suspension(until=date(2026, 7, 1)))
    await bench.send(suspension())
    assert await bench.sweep(date(2026, 7, 1), "suspensions_ended") == []
    assert await causes(bench) == ["administrator"]


async def test_r21_an_account_is_active_only_when_no_cause_is_left(bench: Bench) -> None:
    """Suspended by an administrator and by a lapsed CSP: each end by itself frees nobody, the last one does."""
    for order in (("renewed", "ended"), ("ended", "renewed")):
        name = f"{order[0]}-first"
        email = f"{name}@example.org"
        await open_as(bench, name, "Dentist", email=email, numbers={"csp": f"CSP.{name}"})
        await bench.send(suspension(name, until=date(2026, 7, 1)))
        await bench.send(csp(f"CSP.{name}", status="lapsed"))
        assert await causes(bench, name) == ["administrator", "credential:csp"]
        for number, step in enumerate(order):
            assert (await account(bench, name)).state == "suspended"
            if step == "renewed":
                await bench.send(csp(f"CSP.{name}"))
            else:
                await bench.sweep(date(2026, 7, 1), "suspensions_ended")
            assert bench.told == ([("account.reinstated", email)] if number else [])
        assert (await account(bench, name)).state == "active"


async def test_r21_an_administrator_cannot_renew_a_credential(bench: Bench) -> None:
    """Reinstating an account that only its credential suspends is refused; one that both suspend stays suspended."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    await bench.send(csp(status="lapsed"))
    assert _code(await bench.send(_act("reinstate"))) == "credential_lapsed"
    await bench.send(suspension())
    assert await bench.send(_act("reinstate")) == Done({"state": "suspended"})
    assert bench.told == []
    await bench.send(csp())
    assert (await account(bench)).state == "active"


async def test_r21_what_lapsed_while_the_account_was_closed_counts_when_it_is_reinstated(bench: Bench) -> None:
    """And what was renewed meanwhile does not."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers={"csp": "CSP.1"})
    await bench.send(_act("deactivate"))
    await bench.send(csp(status="lapsed"))
    assert bench.told == []
    assert await bench.send(_act("reinstate")) == Done({"state": "suspended"})
    await bench.send(_act("revoke"))
    await bench.send(csp())
    assert await bench.send(_act("reinstate")) == Done({"state": "active"})
    assert bench.told == [("account.reinstated", ROBIN)]


async def test_r2_a_closed_account_whose_address_was_taken_is_not_reinstated(bench: Bench) -> None:
    """The address is another registration's now."""
    await bench.open_account()
    await bench.send(_act("deactivate"))
    await bench.open_account("REG-2", email=ROBIN)
    assert _code(await bench.send(_act("reinstate"))) == "address_in_use"


@pytest.mark.parametrize("act", ["suspend", "revoke", "deactivate"])
async def test_r23_delegates_of_a_supervisor_who_is_inactive_are_told(bench: Bench, act: Act) -> None:
    """Those whose link is approved and who are active themselves, once."""
    await open_as(bench, "SUP", "Dentist", email="sam@example.org")
    for name, state in (("D1", "approved"), ("D2", "refused"), ("D3", "approved"), ("D4", "approved")):
        await open_as(bench, name, "Prescriber Delegate – Licensed", email=f"{name}@example.org")
        await bench.store.write(lambda tx, name=name: delegates.ask(tx, name, "SUP", now=NOW))  # type: ignore[misc]
        await bench.store.write(
            lambda tx, name=name, state=state: delegates.decide(tx, name, "SUP", state, now=NOW)  # type: ignore[misc]
        )
    await bench.send(_act("suspend", "D3"))
    await bench.send(_act(act, "SUP"))
    rests = [to for notice, to in bench.told if notice == "delegate.access_rests"]
    assert rests == ["D1@example.org", "D4@example.org"]
    if act == "suspend":
        await bench.send(_act("reinstate", "SUP"))
        resumed = [to for notice, to in bench.told if notice == "delegate.access_resumed"]
        assert resumed == rests
        await bench.send(_act("suspend", "SUP"))
    await bench.send(_act("revoke", "SUP"))
    assert "delegate.access_rests" not in [notice for notice, _ in bench.told]


async def test_r20_a_suspended_user_is_out_and_back_with_the_same_password(bench: Bench) -> None:
    """Nothing else of the account changes."""
    await bench.open_account()
    before = await account(bench)
    await bench.send(suspension())
    assert (await log_in(bench))["login"] == "not_active"
    await bench.send(_act("reinstate"))
    assert await account(bench) == before
    assert (await log_in(bench))["login"] == "granted"
