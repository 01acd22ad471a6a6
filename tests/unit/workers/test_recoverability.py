"""Recoverability: a failure becomes a decision, by a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handlers.outcomes import Defer
from handlers.rules.policy import Policy
from messages.errors import FieldFault, Invalid, Malformed, NotAuthorised, UnknownKind
from store.contract import Conflict
from store.dead_letters import Reason
from workers.recoverability import Dead, Wait, after_defer, after_failure

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
POLICY = Policy(retry_seconds=5, retry_attempts_max=5, defer_seconds=60, defer_days=7)
LATER = Defer("registration_unknown", "No registration of this id is known.")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UnknownKind("no kind", field="type"), Reason("unknown_kind", "no kind", "type")),
        (Malformed("no id", field="message_id", code="no_id"), Reason("no_id", "no id", "message_id")),
        (NotAuthorised("not yours"), Reason("not_authorised", "not yours")),
        (
            Invalid("one", faults=(FieldFault("email", "missing", "is missing"),)),
            Reason("invalid", "one", "email", (FieldFault("email", "missing", "is missing"),)),
        ),
    ],
)
def test_a_permanent_error_is_dead_at_once(error: Exception, reason: Reason) -> None:
    """Trying again cannot help; the reason is the error's own, field by field."""
    assert after_failure(error, attempts=1, now=NOW, policy=POLICY) == Dead(reason)


@pytest.mark.parametrize(("error", "code"), [(KeyError("x"), "handler_failed"), (Conflict("x"), "conflict")])
@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 20), (3, 80), (4, 320)])
def test_a_bug_or_a_race_is_tried_again(error: Exception, code: str, attempts: int, seconds: int) -> None:
    """Each pause is four times the one before."""
    decision = after_failure(error, attempts=attempts, now=NOW, policy=POLICY)
    assert isinstance(decision, Wait)
    assert (decision.code, decision.due_at) == (code, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("attempts", [5, 6, 50])
def test_after_its_attempts_it_is_dead(attempts: int) -> None:
    """The reason names the error's class and never its text, which may hold a person's data."""
    decision = after_failure(ValueError("Ann Lee"), attempts=attempts, now=NOW, policy=POLICY)
    assert decision == Dead(Reason("handler_failed", f"Handling failed {attempts} times, last with ValueError."))


def test_a_failure_does_not_lengthen_the_waiting() -> None:
    """A message that waited already keeps the end of its waiting; another gets the policy's days."""
    ends = NOW + timedelta(days=2)
    for given, expected in ((ends, ends), (None, NOW + timedelta(days=7))):
        decision = after_failure(KeyError(), attempts=1, now=NOW, policy=POLICY, gives_up_at=given)
        assert isinstance(decision, Wait)
        assert decision.gives_up_at == expected


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 60), (2, 120), (3, 240), (9, 15360), (10, 21600), (500, 21600)])
def test_waiting_grows_to_six_hours(attempts: int, seconds: int) -> None:
    """Each wait is twice the one before, six hours at most."""
    decision = after_defer(LATER, attempts=attempts, now=NOW, gives_up_at=None, policy=POLICY)
    ends = NOW + timedelta(days=7)
    assert decision == Wait(LATER.code, LATER.text, NOW + timedelta(seconds=seconds), ends)


def test_the_last_turn_is_when_waiting_ends() -> None:
    """A pause never leads past the end: the last try is then."""
    ends = NOW + timedelta(minutes=3)
    decision = after_defer(LATER, attempts=9, now=NOW, gives_up_at=ends, policy=POLICY)
    assert decision == Wait(LATER.code, LATER.text, ends, ends)


def test_waiting_that_ended_is_dead_for_what_was_missing() -> None:
    """The reason names what was waited for, and until when."""
    decision = after_defer(LATER, attempts=3, now=NOW, gives_up_at=NOW, policy=POLICY)
    assert isinstance(decision, Dead)
    assert decision.reason.code == "registration_unknown"
    assert "2026-11-24 15:00 UTC" in decision.reason.text
