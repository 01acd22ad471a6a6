"""Long random lives against a model of a few lines: access follows its causes, the lock follows its count (R20, R21, R37)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from handlers.outcomes import Done
from messages.account import AccountDeactivated, AccountReinstated, AccountRevoked
from messages.credential import CredentialChanged
from store.credentials import Kind
from tests.unit.handlers.account_life import ROBIN, account, causes, log_in, open_as, suspension
from tests.unit.handlers.bench import NOW, PASSWORD, Bench

NUMBERS: dict[Kind, str] = {"csp": "CSP.1", "dea": "AB1234563", "license": "D.1"}
STEPS = ("suspend", "until", "reinstate", "revoke", "deactivate", "lapse", "renew", "ends_soon", "day", "day", "day")


@dataclass
class Model:
    """What must be true, said another way: a closed state or none, an administrator's suspension, the end of each credential."""

    closed: str = ""
    by_administrator: bool = False
    until: date | None = None
    ends: dict[str, date] = field(default_factory=dict)
    noticed: set[str] = field(default_factory=set)

    @property
    def state(self) -> str:
        return self.closed or ("suspended" if self.by_administrator or self.noticed else "active")

    def told(self, kind: str, end: date, today: date) -> None:
        self.ends[kind] = end
        if not self.closed:
            self.follow({kind}, today)

    def follow(self, kinds: set[str], today: date) -> None:
        for kind in kinds & self.ends.keys():
            (self.noticed.add if self.ends[kind] <= today else self.noticed.discard)(kind)

    def day(self, today: date) -> None:
        if self.until is not None and self.until <= today:
            self.by_administrator, self.until = False, None
        if not self.closed:
            self.noticed |= {kind for kind, end in self.ends.items() if end <= today}


def _step(model: Model, step: str, kind: Kind, today: date) -> Any:
    """The message of a step, after the model has taken it (None: refused)."""
    to: Any = {"account_id": "REG-1", "administrator": "a@example.org"}
    match step:
        case "suspend" | "until":
            until = today + timedelta(days=3) if step == "until" else None
            if not model.closed:
                model.by_administrator, model.until = True, until
            return suspension(until=until)
        case "revoke":
            model.closed = "revoked"
            return AccountRevoked(ground="other", **to)
        case "deactivate":
            model.closed = model.closed or "deactivated"
            return AccountDeactivated(ground="other", **to)
        case "reinstate":
            if model.closed:
                model.closed = ""
                model.follow(set(model.ends), today)
                model.by_administrator, model.until = False, None
            elif model.by_administrator:
                model.by_administrator, model.until = False, None
                model.follow(set(model.ends), today)
            return AccountReinstated(**to)
    ends = {"lapse": None, "renew": None, "ends_soon": today + timedelta(days=2)}[step]
    status: Any = "lapsed" if step == "lapse" else "active"
    model.told(kind, today if step == "lapse" else ends or date.max, today)
    return CredentialChanged(credential=kind, number=NUMBERS[kind], status=status, expires_on=ends)


@pytest.mark.parametrize("seed", range(6))
async def test_r20_r21_access_follows_its_causes_whatever_happens(bench: Bench, seed: int) -> None:
    """After each of eighty steps: suspended while a cause is open, active while none is, closed until it is reinstated."""
    random, model = Random(seed), Model()
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers=NUMBERS)
    states = set()
    for _ in range(80):
        step, kind = random.choice(STEPS), random.choice(list(NUMBERS))
        today = bench.programme.policy.local_date(bench.now)
        if step == "day":
            bench.now += timedelta(days=1)
            model.day(today + timedelta(days=1))
            for sweep in ("suspensions_ended", "credential_expiry"):
                await bench.sweep(today + timedelta(days=1), sweep)
        else:
            await bench.send(_step(model, step, kind, today))
        state = (await account(bench)).state
        assert state == model.state, step
        if not model.closed:
            open_causes = {f"credential:{kind}" for kind in model.noticed}
            assert set(await causes(bench)) == open_causes | ({"administrator"} if model.by_administrator else set())
        states.add(state)
    assert states == {"active", "suspended", "revoked", "deactivated"}


@pytest.mark.parametrize("seed", range(6))
async def test_r37_the_lock_follows_the_count_whatever_is_tried(bench: Bench, seed: int) -> None:
    """After each of sixty attempts at random times, right or wrong, the answer is the model's."""
    random = Random(seed)
    await bench.open_account()
    failures: list[datetime] = []
    locked_until = datetime.min.replace(tzinfo=UTC)
    for _ in range(60):
        bench.now += timedelta(minutes=random.choice((0, 1, 3, 9, 25, 61)))
        is_right = random.random() < 0.25
        heard = (await log_in(bench, PASSWORD if is_right else "Wrong-Horse"))["login"]
        if bench.now < locked_until:
            assert heard == "locked"
            continue
        if is_right:
            failures.clear()
            assert heard == "granted"
            continue
        if failures and bench.now - failures[0] >= timedelta(hours=1):
            failures.clear()
        failures.append(bench.now)
        if len(failures) == 4:
            failures.clear()
            locked_until = bench.now + timedelta(minutes=10)
        assert heard == ("locked" if bench.now < locked_until else "wrong")
    assert bench.now > NOW


async def test_every_step_can_be_carried_out(bench: Bench) -> None:
    """The model's messages are accepted where the model says so."""
    await open_as(bench, "REG-1", "Dentist", email=ROBIN, numbers=NUMBERS)
    for step in ("suspend", "reinstate", "lapse", "renew", "ends_soon", "deactivate", "reinstate", "revoke"):
        assert isinstance(await bench.send(_step(Model(), step, "dea", NOW.date())), Done), step
