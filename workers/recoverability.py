"""A failure becomes a decision here: one pure function, no clock, no store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.outcomes import Defer
from handlers.rules.policy import Policy
from messages.errors import Permanent, StoreUnusable, Transient
from store.contract import Conflict
from store.dead_letters import Reason

RETRIED = frozenset({"conflict", "handler_failed"})
"""Codes of a message that waits because handling failed, not because something has not arrived."""

NOT_ITS_FAULT = (Transient, StoreUnusable)
"""What is no failure of the message at hand: a service is away, or the store is damaged."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The message has its next turn at ``due_at``; ``gives_up_at`` is when waiting ends."""

    code: str
    text: str
    due_at: datetime
    gives_up_at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """The message is a dead letter, for this reason."""

    reason: Reason


def reason_of(error: Permanent) -> Reason:
    """Give the error as the reason of a dead letter."""
    return Reason(error.code, error.text, error.field, error.faults)


def after_failure(
    error: Exception, *, attempts: int, now: datetime, policy: Policy, gives_up_at: datetime | None = None
) -> Wait | Dead:
    """Decide on a message whose handling raised; ``attempts`` counts the failed ones in a row, with this one.

    Permanent errors are dead at once. Everything else is a bug or a race: tried again with growing pauses, then dead. What
    is ``NOT_ITS_FAULT`` never comes here.
    """
    assert not isinstance(error, NOT_ITS_FAULT)
    if isinstance(error, Permanent):
        return Dead(reason_of(error))
    what = "conflict" if isinstance(error, Conflict) else "handler_failed"
    if attempts >= policy.retry_attempts_max:
        return Dead(Reason(what, f"Handling failed {attempts} times, last with {type(error).__name__}."))
    pause = timedelta(seconds=policy.retry_seconds * 4 ** (attempts - 1))
    gives_up_at = gives_up_at or now + timedelta(days=policy.defer_days)
    return Wait(what, f"Handling failed with {type(error).__name__}.", now + pause, gives_up_at)


def after_defer(
    outcome: Defer, *, attempts: int, now: datetime, gives_up_at: datetime | None, policy: Policy
) -> Wait | Dead:
    """Decide on a message that waits for something: longer each time, dead when its days are over."""
    gives_up_at = gives_up_at or now + timedelta(days=policy.defer_days)
    if now >= gives_up_at:
        return Dead(Reason(outcome.code, f"{outcome.text} It was waited for until {gives_up_at:%Y-%m-%d %H:%M} UTC."))
    pause = timedelta(seconds=min(policy.defer_seconds * 2 ** max(attempts - 1, 0), 6 * 3600))
    return Wait(outcome.code, outcome.text, min(now + pause, gives_up_at), gives_up_at)


def in_line(now: datetime, policy: Policy) -> Wait:
    """Decide on a message before which others wait for the same: its turn is theirs, over."""
    text = "Earlier messages wait for what it builds on."
    return Wait("in_line", text, now, now + timedelta(days=policy.defer_days))
