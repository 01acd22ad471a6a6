"""What becomes of each message inside the transaction: handled, refused, made to wait, dead, or seen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, assert_never

from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.registry import handlers
from handlers.work import Leaving, Programme, Work
from messages.answer import ANSWER_KIND, Answer, AnsweredField
from messages.envelope import Envelope
from messages.errors import FieldFault
from messages.message import Message
from store import dead_letters, deferred, inbox, outbox
from store.contract import Transaction
from store.dead_letters import Origin, Reason
from store.outbox import Staged
from workers.recoverability import Dead, Wait, after_defer


@dataclass(frozen=True, slots=True)
class Entry:
    """One message on its way into the transaction: decoded and prepared, or with what is wrong with it."""

    envelope: Envelope
    message: Message | None
    prepared: Any
    dead: Reason | None
    refused: Refuse | None = None
    failure: Exception | None = None
    is_counted: bool = False
    """Its attempts were counted before it ran (quarantine); the count goes when it is settled."""


@dataclass(slots=True)
class Tally:
    """What one transaction did."""

    outcomes: list[tuple[str, str]] = field(default_factory=list)
    leaves: bool = False

    def __iadd__(self, other: Tally) -> Tally:
        self.outcomes += other.outcomes
        self.leaves |= other.leaves
        return self


async def settle_entries(
    tx: Transaction,
    fresh: Sequence[tuple[int, Entry]],
    programme: Programme,
    now: datetime,
    *,
    origin: Origin,
    attempts: int,
    gives_up_at: datetime | None = None,
) -> Tally:
    """Bring each message that was just taken to its outcome; runs of one kind are handled together, in order."""
    tally = Tally()
    for (kind, handled), group in groupby(fresh, key=lambda pair: (pair[1].envelope.kind, _is_handled(pair[1]))):
        run = list(group)
        if not handled:
            for seq, entry in run:
                tally += await _unhandled(tx, seq, entry, origin=origin, attempts=attempts, now=now)
            continue
        works: list[Work[Any, Any]] = [
            Work(entry.message, entry.prepared, entry.envelope, seq, tx, now, programme, Leaving(seq))
            for seq, entry in run
        ]
        outcomes = await handlers()[kind].handle_all(works)
        staged = [one for work in works for one in work.leaving.staged]
        for work, outcome in zip(works, outcomes, strict=True):
            staged += await _settle(tx, work, outcome, attempts=attempts, gives_up_at=gives_up_at, tally=tally)
        await outbox.stage_all(tx, staged, now)
        tally.leaves |= bool(staged)
    for _, entry in fresh:
        if entry.is_counted:
            await inbox.forget_attempts(tx, entry.envelope)
    return tally


def _is_handled(entry: Entry) -> bool:
    return entry.dead is None and entry.refused is None and entry.failure is None


async def _unhandled(tx: Transaction, seq: int, entry: Entry, *, origin: Origin, attempts: int, now: datetime) -> Tally:
    if entry.failure is not None:
        raise entry.failure
    if entry.dead is not None:
        return await kill(tx, seq, entry.envelope, entry.dead, origin=origin, attempts=attempts, now=now)
    assert entry.refused is not None
    tally = Tally([(entry.envelope.kind, "refused")])
    staged = await _refuse(tx, seq, entry.envelope, entry.refused, now)
    await outbox.stage_all(tx, staged, now)
    tally.leaves = bool(staged)
    return tally


async def _settle(
    tx: Transaction,
    work: Work[Any, Any],
    outcome: Outcome,
    *,
    attempts: int,
    gives_up_at: datetime | None,
    tally: Tally,
) -> list[Staged]:
    match outcome:
        case Done(result):
            tally.outcomes.append((work.envelope.kind, "done"))
            if not work.envelope.reply_to:
                return []
            answer = _answer(work.envelope, "accepted", result=dict(result) if result is not None else None)
            if result is not None:
                await inbox.settle(tx, work.seq, "done", answer.model_dump_json(exclude_none=True), work.now)
            return _reply(work.envelope, answer, work.seq)
        case Refuse():
            tally.outcomes.append((work.envelope.kind, "refused"))
            return await _refuse(tx, work.seq, work.envelope, outcome, work.now)
        case Defer():
            decision = after_defer(
                outcome, attempts=attempts, now=work.now, gives_up_at=gives_up_at, policy=work.policy
            )
            match decision:
                case Wait():
                    tally += await wait(tx, work.seq, work.envelope, decision, attempts, work.now)
                case Dead(reason):
                    tally += await kill(
                        tx, work.seq, work.envelope, reason, origin="process", attempts=attempts, now=work.now
                    )
            return []
        case _:
            assert_never(outcome)


async def _refuse(tx: Transaction, seq: int, envelope: Envelope, refusal: Refuse, now: datetime) -> list[Staged]:
    answer = _answer(
        envelope, "refused", code=refusal.code, text=refusal.text, field=refusal.field, faults=refusal.faults
    )
    await inbox.settle(tx, seq, "refused", answer.model_dump_json(exclude_none=True), now)
    return _reply(envelope, answer, seq)


async def wait(tx: Transaction, seq: int, envelope: Envelope, decision: Wait, attempts: int, now: datetime) -> Tally:
    """The message waits in the store for its next turn."""
    await inbox.settle(tx, seq, "waiting", None, now)
    await deferred.put(
        tx, seq=seq, envelope=envelope, code=decision.code, text=decision.text, attempts=attempts, now=now,
        due_at=decision.due_at, gives_up_at=decision.gives_up_at,
    )  # fmt: skip
    return Tally([(envelope.kind, "waiting")], leaves=True)


async def kill(
    tx: Transaction, seq: int, envelope: Envelope, reason: Reason, *, origin: Origin, attempts: int, now: datetime
) -> Tally:
    """The message is a dead letter; its sender is told that it failed, and why."""
    answer = _answer(envelope, "failed", code=reason.code, text=reason.text, field=reason.field, faults=reason.faults)
    await inbox.settle(tx, seq, "dead", answer.model_dump_json(exclude_none=True), now)
    await dead_letters.put(tx, seq=seq, envelope=envelope, reason=reason, origin=origin, attempts=attempts, now=now)
    staged = _reply(envelope, answer, seq)
    await outbox.stage_all(tx, staged, now)
    return Tally([(envelope.kind, "dead")], leaves=bool(staged))


async def settle_seen(tx: Transaction, entry: Entry, now: datetime) -> Tally:
    """A message that was taken before changes nothing; its sender gets the same answer again.

    The same id with another content is not the same message: it is kept as a dead letter of its own.
    """
    envelope = entry.envelope
    seen = await inbox.seen(tx, envelope.sender, envelope.message_id)
    assert seen is not None
    if seen.digest != envelope.digest():
        other = envelope.with_reused_id()
        taken = await inbox.claim_all(tx, [other], now)
        if not taken:
            return Tally([(envelope.kind, "duplicate")])
        reason = Reason("message_id_reused", "The message_id was used before for another content.", "message_id")
        return await kill(tx, taken[other.key], other, reason, origin="process", attempts=1, now=now)
    staged: list[Staged] = []
    if envelope.reply_to and seen.state != "waiting":
        answer = Answer.model_validate_json(seen.answer) if seen.answer is not None else _answer(envelope, "accepted")
        staged = _reply(envelope, answer, seen.seq)
        await outbox.stage_all(tx, staged, now)
    return Tally([(envelope.kind, "duplicate")], leaves=bool(staged))


def _answer(
    envelope: Envelope,
    status: str,
    *,
    code: str | None = None,
    text: str | None = None,
    field: str | None = None,
    faults: tuple[FieldFault, ...] = (),
    result: dict[str, Any] | None = None,
) -> Answer:
    return Answer.model_validate(
        {
            "status": status, "message_id": envelope.own_id, "kind": envelope.kind, "code": code, "text": text,
            "field": field, "faults": tuple(AnsweredField(field=f.field, code=f.code, text=f.text) for f in faults),
            "result": result,
        }
    )  # fmt: skip


def _reply(envelope: Envelope, answer: Answer, seq: int) -> list[Staged]:
    if not envelope.reply_to:
        return []
    facts = answer.model_dump(mode="json", exclude_none=True)
    return [Staged("answer", ANSWER_KIND, envelope.reply_to, facts, seq=seq, correlation_id=envelope.own_id or None)]
