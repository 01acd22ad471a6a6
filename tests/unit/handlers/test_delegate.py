"""Links between delegates and supervisors who have accounts, and the roster (R7, R23)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import pytest

from handlers.outcomes import DONE, Outcome, Refuse
from messages.delegate import DelegateConfirmed, DelegateDecided, DelegateLinked, DelegateUnlinked
from store import delegates
from tests.unit.handlers.bench import Bench

By = Literal["delegate", "supervisor"]
ROBIN, SAM, ALEX = "robin@example.org", "sam@example.org", "alex@example.org"


@pytest.fixture
async def bench(bench: Bench) -> Bench:
    """Robin is Sam's delegate; Alex is another prescriber."""
    await bench.open_account("SAM", email=SAM, role="Dentist")
    await bench.open_account("ALEX", email=ALEX, role="Podiatrist")
    await bench.open_account("ROBIN", email=ROBIN, role="Prescriber Delegate – Unlicensed", supervisors=(SAM,))
    return bench


def linked(by: By, supervisor: str = ALEX, delegate: str = ROBIN) -> DelegateLinked:
    return DelegateLinked(delegate=delegate, supervisor=supervisor, by=by)


def decides(word: Literal["approve", "refuse"], supervisor: str = ALEX) -> DelegateDecided:
    return DelegateDecided(delegate=ROBIN, supervisor=supervisor, decision=word)


def unlinked(by: By, supervisor: str = SAM) -> DelegateUnlinked:
    return DelegateUnlinked(delegate=ROBIN, supervisor=supervisor, by=by)


async def _may_act(bench: Bench, supervisor_id: str = "ALEX") -> bool:
    return await bench.store.read(lambda tx: delegates.may_act(tx, "ROBIN", supervisor_id))


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refuse)
    return outcome.code


async def test_r23_a_delegate_asks_and_the_supervisor_approves(bench: Bench) -> None:
    """Between the two the delegate may not act; both are told what concerns them, and asking twice is refused."""
    assert await bench.send(linked("delegate")) == DONE
    assert bench.told == [("delegate.link_asked", ALEX)]
    assert _code(await bench.send(linked("delegate"))) == "already_linked"
    assert not await _may_act(bench)
    assert await bench.send(decides("approve")) == DONE
    assert bench.told == [("delegate.link_decided", ROBIN)]
    assert await _may_act(bench)


@pytest.mark.parametrize("is_asked", [False, True])
async def test_r23_a_supervisor_adds_a_delegate_by_address(bench: Bench, is_asked: bool) -> None:
    """Which is the approval, also of what the delegate asked for."""
    if is_asked:
        await bench.send(linked("delegate"))
    assert await bench.send(linked("supervisor")) == DONE
    assert bench.told == [("delegate.link_decided", ROBIN)]
    assert await _may_act(bench)
    assert _code(await bench.send(linked("supervisor"))) == "already_linked"


async def test_r23_a_refused_link_stays_refused_until_asked_anew(bench: Bench) -> None:
    """The delegate is told the refusal."""
    await bench.send(linked("delegate"))
    await bench.send(decides("refuse"))
    assert bench.mails[0].facts["decision"] == "refused"
    assert _code(await bench.send(decides("approve"))) == "nothing_asked"
    assert not await _may_act(bench)
    await bench.send(linked("delegate"))
    assert await bench.send(decides("approve")) == DONE
    assert await _may_act(bench)


@pytest.mark.parametrize(("by", "told"), [("supervisor", [("delegate.link_decided", ROBIN)]), ("delegate", [])])
async def test_r23_an_unlinked_delegate_may_not_act_at_once(bench: Bench, by: By, told: list[tuple[str, str]]) -> None:
    """Told to the delegate when it was not their own doing; other links go on."""
    await bench.send(linked("supervisor"))
    assert await _may_act(bench, "SAM")
    assert await bench.send(unlinked(by)) == DONE
    assert bench.told == told
    assert not await _may_act(bench, "SAM")
    assert await _may_act(bench, "ALEX")
    assert _code(await bench.send(unlinked(by))) == "not_linked"


@pytest.mark.parametrize("who", ["SAM", "ROBIN"])
async def test_r23_a_link_rests_while_either_is_suspended(bench: Bench, who: str) -> None:
    """And goes on by itself afterwards."""
    await bench.change(f"UPDATE accounts SET state = 'suspended' WHERE account_id = '{who}'")
    assert not await _may_act(bench, "SAM")
    await bench.change("UPDATE accounts SET state = 'active'")
    assert await _may_act(bench, "SAM")


@pytest.mark.parametrize(
    ("delegate", "supervisor", "code", "field"),
    [
        (ROBIN, ROBIN, "not_a_supervisor", "supervisor"), (SAM, ALEX, "not_a_delegate", "delegate"),
        ("nobody@example.org", ALEX, "delegate_unknown", "delegate"),
        (ROBIN, "nobody@example.org", "supervisor_unknown", "supervisor"),
    ],
)  # fmt: skip
async def test_r7_only_a_delegate_acts_for_a_prescriber(
    bench: Bench, delegate: str, supervisor: str, code: str, field: str
) -> None:
    """A delegate has no delegates, and a prescriber is none."""
    outcome = await bench.send(linked("supervisor", supervisor, delegate))
    assert isinstance(outcome, Refuse)
    assert (outcome.code, outcome.field) == (code, field)


async def test_r23_unlinking_somebody_unknown_is_refused(bench: Bench) -> None:
    """The field is named."""
    message = DelegateUnlinked(delegate="nobody@example.org", supervisor=SAM, by="supervisor")
    assert _code(await bench.send(message)) == "account_unknown"


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ((), [("delegates", "incomplete")]),
        (("x@example.org",), [("delegates.0", "not_on_roster"), ("delegates", "incomplete")]),
        ((ROBIN.upper(), "x@example.org"), [("delegates.1", "not_on_roster")]),
    ],
)
async def test_r23_what_is_confirmed_is_what_is(
    bench: Bench, given: tuple[str, ...], faults: list[tuple[str, str]]
) -> None:
    """A list that is not the present one is refused with every difference."""
    outcome = await bench.send(DelegateConfirmed(supervisor=SAM, delegates=given))
    assert isinstance(outcome, Refuse)
    assert [(fault.field, fault.code) for fault in outcome.faults] == faults
    assert await bench.send(DelegateConfirmed(supervisor=SAM, delegates=(ROBIN.upper(),))) == DONE


async def test_r23_the_roster_is_asked_for_every_180_days(bench: Bench) -> None:
    """Monthly until it is confirmed, once a month however often the sweep runs; then 180 days of rest."""
    first_on = date(2026, 12, 12)
    assert first_on == bench.today + timedelta(days=180)
    assert await bench.sweep(first_on - timedelta(days=1), "delegate_roster") == []
    assert await bench.sweep(first_on, "delegate_roster")
    assert bench.told == [("delegate.roster_due", SAM)]
    assert bench.mails[0].facts == {"name": "Robin Example", "due_on": "2027-01-11", "delegates": 1}
    assert await bench.sweep(first_on + timedelta(days=29), "delegate_roster") == []
    assert await bench.sweep(first_on + timedelta(days=31), "delegate_roster")
    assert await bench.sweep(first_on + timedelta(days=32), "delegate_roster") == []
    bench.now += timedelta(days=220)
    assert await bench.send(DelegateConfirmed(supervisor=SAM, delegates=(ROBIN,))) == DONE
    assert await bench.sweep(bench.today + timedelta(days=179), "delegate_roster") == []
    assert await bench.sweep(bench.today + timedelta(days=180), "delegate_roster")


@pytest.mark.parametrize("statement", ["UPDATE accounts SET state = 'suspended' WHERE account_id = 'SAM'", None])
async def test_r23_no_roster_no_request(bench: Bench, statement: str | None) -> None:
    """Neither from a suspended supervisor, nor from one without delegates."""
    if statement is None:
        await bench.send(unlinked("delegate"))
    else:
        await bench.change(statement)
    assert await bench.sweep(bench.today + timedelta(days=400), "delegate_roster") == []
