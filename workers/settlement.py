"""What becomes of each message inside the transaction: handled, refused, made to wait, dead, or seen before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple, assert_never

from pydantic import JsonValue
from pydantic_core import to_json

from handlers.outcomes import Defer, Done, Outcome, Refuse
from handlers.registry import handlers
from handlers.work import Leaving, Programme, Work
from messages.answer import ANSWER_KIND, Answer, AnsweredField
from messages.envelope import Envelope
from messages.message import Message
from messages.registry import kinds
from store import audit, dead_letters, deferred, inbox, outbox
from store.audit import Entry as Act
from store.audit import Recording
from store.contract import Transaction
from store.dead_letters import Origin, Reason
from store.inbox import Ending
from store.outbox import Staged
from workers.auditing import entry_of
from workers.recoverability import Dead, Wait, after_defer, in_line


class Entry(NamedTuple):
    """One message on its way into the transaction: decoded and prepared, or with what is wrong with it."""

    envelope: Envelope
    message: Message | None
    prepared: Any
    dead: Reason | None
    handed_in_at: datetime
    """When it was first taken."""
    refused: Refuse | None = None
    failure: Exception | None = None
    is_counted: bool = False
    """Its attempts were counted before it ran (quarantine); the count goes when it is settled."""

    @property
    def needs_preparing(self) -> bool:
        """Whether its kind has slow work to be done before the transaction begins."""
        return self.message is not None and handlers()[self.message.kind].prepare is not None


@dataclass(slots=True)
class Tally:
    """What one transaction did."""

    outcomes: list[tuple[str, str]] = field(default_factory=list)
    leaves: bool = False


@dataclass(slots=True)
class Settlement:
    """Brings the messages of one transaction to their outcomes; what all of them write alike is written at once, by ``close``."""

    tx: Transaction
    programme: Programme
    now: datetime
    origin: Origin = "process"
    attempts: int = 1
    gives_up_at: datetime | None = None
    anyone_waits: bool = True
    """Whether any message waits for something to come; otherwise nobody is woken."""
    tally: Tally = field(default_factory=Tally)
    _endings: list[Ending] = field(default_factory=list)
    _answers: dict[int, str] = field(default_factory=dict)
    _staged: list[Staged] = field(default_factory=list)
    _acts: list[Act] = field(default_factory=list)
    _come: set[str] = field(default_factory=set)
    _lines: dict[str, int] = field(default_factory=dict)
    """The first in line for what a message builds on."""

    async def look_at_lines(self, fresh: Sequence[tuple[int, Entry]]) -> None:
        """Nobody of these is handled before an earlier message that waits for what it builds on."""
        things = {entry.message.prerequisite for _, entry in fresh if entry.message is not None}
        self._lines |= await deferred.lines(self.tx, {thing for thing in things if thing is not None})

    async def take(self, fresh: Sequence[tuple[int, Entry]]) -> None:
        """Bring each message that was just claimed to its outcome; runs of one kind are handled together, in order."""
        for (kind, is_handled), run in groupby(fresh, key=lambda pair: (pair[1].envelope.kind, _is_handled(pair[1]))):
            if is_handled and not kinds()[kind].builds_on:
                await self._handle(kind, list(run))
                continue
            for seq, entry in run:
                await (self._take_in_turn(seq, entry) if is_handled else self._stop(seq, entry))
        for _, entry in fresh:
            if entry.is_counted:
                await inbox.forget_attempts(self.tx, entry.envelope)

    async def close(self) -> Tally:
        """Write every outcome, everything that leaves and the trail, one statement each; return what was done."""
        await self._write_endings()
        await outbox.stage_all(self.tx, self._staged, self.now)
        if self._come and self.anyone_waits:
            self.tally.leaves |= await deferred.wake(self.tx, self._come, self.now)
        # Last: what it locks is held for the commit alone.
        await audit.append(self.tx, self._acts, now=self.now, key=self.programme.audit_key)
        self.tally.leaves |= bool(self._staged)
        return self.tally

    async def _take_in_turn(self, seq: int, entry: Entry) -> None:
        """Handle the message, or put it behind those who wait for the same; it is due as soon as they are gone."""
        thing = entry.message.prerequisite if entry.message is not None else None
        if thing is None or self._lines.get(thing, seq) >= seq:
            await self._handle(entry.envelope.kind, [(seq, entry)])
        else:
            await self._wait(seq, entry.envelope, in_line(self.now, self.programme.policy), thing, is_in_line=True)

    async def _handle(self, kind: str, run: Sequence[tuple[int, Entry]]) -> None:
        handler = handlers()[kind]
        works: list[Work[Any, Any]] = [
            Work(
                entry.message, entry.prepared, entry.envelope, seq,
                self.tx if handler.is_bulk else Recording(self.tx, self.programme.audit_key),
                self.now, entry.handed_in_at, self.programme, Leaving(seq),
            )
            for seq, entry in run
        ]  # fmt: skip
        outcomes = await handler.handle_all(works)
        for work, outcome in zip(works, outcomes, strict=True):
            self._staged += work.leaving.staged
            self._audit(work, outcome)
            await self._end(work.seq, work.envelope, outcome, work.message)

    async def _stop(self, seq: int, entry: Entry) -> None:
        """What never came to its handler ends here."""
        if entry.failure is not None:
            raise entry.failure
        if entry.dead is not None:
            await self.kill(seq, entry.envelope, entry.dead)
        elif entry.refused is not None:
            self._acts.append(entry_of(entry.envelope, entry.message, f"refused {entry.refused.code}"))
            await self._end(seq, entry.envelope, entry.refused, entry.message)

    def _audit(self, work: Work[Any, Any], outcome: Outcome) -> None:
        changes = work.tx.changes if isinstance(work.tx, Recording) else ()
        match outcome:
            case Done():
                self._acts.append(entry_of(work.envelope, work.message, "done", changes))
            case Refuse(code):
                self._acts.append(entry_of(work.envelope, work.message, f"refused {code}", changes))
            case Defer():
                pass  # nothing was done yet; its last turn is told
            case _:
                assert_never(outcome)

    async def _end(self, seq: int, envelope: Envelope, outcome: Outcome, message: Message | None) -> None:
        match outcome:
            case Done(result, brings):
                self._come.update(brings)
                self._done(seq, envelope, result)
            case Refuse():
                self._refuse(seq, envelope, outcome)
            case Defer(waits_for=None):
                thing = message.prerequisite if message is not None else None
                await self.decide(seq, envelope, self._after(outcome), thing, is_in_line=thing is not None)
            case Defer(waits_for=thing):
                await self.decide(seq, envelope, self._after(outcome), thing)
            case _:
                assert_never(outcome)

    def _after(self, outcome: Defer) -> Wait | Dead:
        return after_defer(
            outcome, attempts=self.attempts, now=self.now, gives_up_at=self.gives_up_at, policy=self.programme.policy
        )

    def _done(self, seq: int, envelope: Envelope, result: Mapping[str, JsonValue] | None) -> None:
        self.tally.outcomes.append((envelope.kind, "done"))
        if result is None and not envelope.reply_to:
            return
        answer = _accepted(envelope, result)
        if result is not None:  # kept for whoever asks again, perhaps with a reply_to only then
            self._answers[seq] = answer
        self._reply(envelope, answer, seq)

    def _refuse(self, seq: int, envelope: Envelope, refusal: Refuse) -> None:
        self.tally.outcomes.append((envelope.kind, "refused"))
        answer = _rejected(envelope, "refused", refusal)
        self._endings.append(Ending(seq, "refused", answer))
        self._reply(envelope, answer, seq)

    async def decide(
        self,
        seq: int,
        envelope: Envelope,
        decision: Wait | Dead,
        waits_for: str | None = None,
        *,
        is_in_line: bool = False,
    ) -> None:
        """The message waits in the store for its next turn, or is a dead letter."""
        match decision:
            case Wait():
                await self._wait(seq, envelope, decision, waits_for, is_in_line=is_in_line)
            case Dead(reason):
                await self.kill(seq, envelope, reason)

    async def _wait(
        self, seq: int, envelope: Envelope, decision: Wait, waits_for: str | None, *, is_in_line: bool
    ) -> None:
        if waits_for is not None:
            self.anyone_waits = True
        if waits_for is not None and is_in_line:
            self._lines[waits_for] = min(seq, self._lines.get(waits_for, seq))
        self.tally.outcomes.append((envelope.kind, "waiting"))
        self.tally.leaves = True
        self._endings.append(Ending(seq, "waiting", None))
        await deferred.put(
            self.tx, seq=seq, envelope=envelope, code=decision.code, text=decision.text, attempts=self.attempts,
            now=self.now, due_at=decision.due_at, gives_up_at=decision.gives_up_at,
            waits_for=waits_for, is_in_line=is_in_line,
        )  # fmt: skip

    async def kill(self, seq: int, envelope: Envelope, reason: Reason) -> None:
        """The message is a dead letter, without secrets sent in clear (R38); its sender is told that it failed, and why."""
        self.tally.outcomes.append((envelope.kind, "dead"))
        answer = _rejected(envelope, "failed", reason)
        self._endings.append(Ending(seq, "dead", answer))
        self._acts.append(entry_of(envelope, None, f"dead {reason.code}"))
        await dead_letters.put(
            self.tx, seq=seq, envelope=envelope, reason=reason, origin=self.origin, attempts=self.attempts, now=self.now
        )
        self._reply(envelope, answer, seq)

    async def take_seen(self, entry: Entry) -> None:
        """A message that was taken before changes nothing; its sender gets the same answer again.

        The same id with another content is not the same message: it is kept as a dead letter of its own.
        """
        envelope = entry.envelope
        await self._write_endings()  # it may stand in this very batch
        seen = await inbox.seen(self.tx, envelope.sender, envelope.message_id)
        assert seen is not None
        if seen.digest != envelope.digest():
            await self._take_reused(envelope.with_reused_id())
            return
        self.tally.outcomes.append((envelope.kind, "duplicate"))
        if seen.state != "waiting":
            self._reply(envelope, seen.answer if seen.answer is not None else _accepted(envelope, None), seen.seq)

    async def _take_reused(self, other: Envelope) -> None:
        taken = await inbox.claim_all(self.tx, [other], self.now)
        if other.key in taken:
            reason = Reason("message_id_reused", "The message_id was used before for another content.", "message_id")
            await self.kill(taken[other.key], other, reason)
        else:
            self.tally.outcomes.append((other.kind, "duplicate"))

    async def _write_endings(self) -> None:
        answers, self._answers = self._answers, {}
        await inbox.answer_all(self.tx, answers)
        endings, self._endings = self._endings, []
        await inbox.settle_all(self.tx, endings, self.now)

    def _reply(self, envelope: Envelope, answer: str, seq: int) -> None:
        if envelope.reply_to:
            about = envelope.own_id or None
            self._staged.append(
                Staged("answer", ANSWER_KIND, envelope.reply_to, {}, seq=seq, correlation_id=about, facts_json=answer)
            )


def _is_handled(entry: Entry) -> bool:
    return entry.dead is None and entry.refused is None and entry.failure is None


def _accepted(envelope: Envelope, result: Mapping[str, JsonValue] | None) -> str:
    """Write what ``Answer.model_dump_json`` does, without the model: nearly every message comes by here."""
    answer = {"status": "accepted", "message_id": envelope.own_id, "kind": envelope.kind, "faults": ()}
    return to_json(answer if result is None else answer | {"result": result}).decode()


def _rejected(envelope: Envelope, status: str, why: Refuse | Reason) -> str:
    answer = Answer(
        status=status, message_id=envelope.own_id, kind=envelope.kind, code=why.code, text=why.text, field=why.field,
        faults=tuple(AnsweredField(field=fault.field, code=fault.code, text=fault.text) for fault in why.faults),
        result=why.result if isinstance(why, Refuse) else None,
    )  # fmt: skip
    return answer.model_dump_json(exclude_none=True)
