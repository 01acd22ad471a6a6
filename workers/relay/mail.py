"""E-mails leave: claimed with a lease, rendered, marked handed over before the final dot, settled as the answers come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import structlog
from pydantic import JsonValue

from messages import errors
from messages.errors import Invalid, MailerMisconfigured, RecipientRefused, Transient, UnknownKind
from notifier.catalogue import Template
from notifier.render import Mail, Notice, Renderer
from notifier.transport import Accepted, Misconfigured, Refused, Sent, Temporary, Transport, Unknown
from store import outbox
from store.contract import Store
from store.outbox import Leased, Settled, State
from store.recipients import RecipientRules, lease_mails
from workers.logs import places
from workers.relay.hand_over import HandOver, LeaseLost

log = structlog.get_logger("pmp.relay")

_PAUSES_MINUTES = (1, 5, 15, 30, 60, 120, 240)  # RFC 5321 4.5.4.1: at least half an hour soon, for four to five days
_MOST_AT_ONCE = 400
_HANDS = 32
"""Mails under way at once, at most; the transport has fewer connections, and finds the next one rendered."""
_TURN_SECONDS = 10.0
"""After that a turn begins no mail: what is more urgent comes before the rest, and a stopping process can end in time."""
_AWAY_MAX = 8
"""Mails in a row that met no server before the turn ends: the others would only wait for the same time-out, one by one."""


@dataclass(slots=True)
class _Taken:
    """The mails of one turn that nobody has begun yet."""

    waiting: deque[Leased]
    until_seconds: float
    away: int = 0
    is_misconfigured: bool = False

    def next(self) -> Leased | None:
        """Give one to send, or None when the turn is over: nothing left, its time gone, or the server is of no use now."""
        late = asyncio.get_running_loop().time() >= self.until_seconds
        if late or self.is_misconfigured or self.away >= _AWAY_MAX or not self.waiting:
            return None
        return self.waiting.popleft()

    def note(self, sent: Sent) -> None:
        """Judge the server by how this one ended."""
        self.away = self.away + 1 if isinstance(sent, Temporary) and sent.code is None else 0
        self.is_misconfigured |= isinstance(sent, Misconfigured)


@dataclass(slots=True)
class MailRelay:
    """Sends what is due on the channel ``mail``."""

    store: Store
    renderer: Renderer
    transport: Transport
    clock: Callable[[], datetime]
    leased_by: str
    lease_seconds: float
    rules: RecipientRules = field(default_factory=RecipientRules)
    open_links: Callable[[Mapping[str, JsonValue]], dict[str, JsonValue]] = dict
    """Puts the secrets of links into the facts, in memory only (R38)."""
    hand_over: HandOver = field(init=False)

    def __post_init__(self) -> None:
        lease = timedelta(seconds=self.lease_seconds)
        self.hand_over = HandOver(self.store, self.leased_by, lease, self.clock)

    async def turn(self) -> int:
        """Send what is due now; return how many mails were taken.

        Raises:
            StoreAway: leases end by themselves.
            MailerMisconfigured: credentials or TLS are wrong; nothing was burnt, an operator must mend it.
        """
        await self.hand_over.written()  # what the last turn could not write comes before its leases end
        now = self.clock()
        await self.store.write(lambda tx: outbox.expire_leases(tx, now))
        await self._judge_unknown(now)
        leased = await self.store.write(
            lambda tx: lease_mails(
                tx,
                self.rules,
                now=now,
                leased_until=now + timedelta(seconds=self.lease_seconds),
                leased_by=self.leased_by,
                most=_MOST_AT_ONCE,
            )
        )
        if leased:
            await self._send_all(leased)
        return len(leased)

    async def _send_all(self, leased: Sequence[Leased]) -> None:
        """Each mail is sent and settled, or released; a failure is raised when its neighbours under way have ended."""
        taken = _Taken(deque(leased), asyncio.get_running_loop().time() + _TURN_SECONDS)
        self.hand_over.hold(one.no for one in leased)
        renewing = asyncio.create_task(self.hand_over.renewing())
        try:
            hands = (self._send_some(taken) for _ in range(min(_HANDS, len(leased))))
            ended = await asyncio.gather(*hands, return_exceptions=True)
        except asyncio.CancelledError:
            with suppress(Transient):
                await self._end(renewing, taken)
            raise
        await self._end(renewing, taken)
        for failure in ended:
            if failure is not None:
                raise failure
        if taken.is_misconfigured:
            raise MailerMisconfigured("The mail server refuses our login, TLS or sender: see `pmp outbox list`.")

    async def _end(self, renewing: asyncio.Task[None], taken: _Taken) -> None:
        renewing.cancel()
        self.hand_over.release(one.no for one in taken.waiting)
        await self.hand_over.written()

    async def _send_some(self, taken: _Taken) -> None:
        while (one := taken.next()) is not None:
            try:
                await self._send(one, taken)
            except Transient:
                taken.until_seconds = 0.0  # the store is away: nobody begins another
                raise

    async def _judge_unknown(self, now: datetime) -> None:
        """Mails of unknown fate are sent once more with the same Message-ID, or held, as their template says."""
        rows = await self.store.read(lambda tx: outbox.unknown(tx, most=_MOST_AT_ONCE))
        for row in rows:
            template = self._template(row["name"])
            again = template is not None and template.on_unknown == "resend" and row["unknowns"] == 0
            judged = partial(outbox.judge, no=row["no"], state="due" if again else "held", now=now)
            await self.store.write(judged)

    def _template(self, name: str) -> Template | None:
        try:
            return self.renderer.template(name)
        except UnknownKind:
            return None

    async def _send(self, leased: Leased, taken: _Taken) -> None:
        try:
            mail = self._rendered(leased)
        except (Invalid, UnknownKind, RecipientRefused, errors.Misconfigured) as error:
            # A site's own template that these facts break holds up no other mail; mended, it can be released.
            why = f"not sent: {error}"[:200]
            self.hand_over.settle(Settled(leased.no, "refused", leased.attempts, self.clock(), why))
            return
        except Exception as error:  # noqa: BLE001 - a template's or a row's fault must not hold up the other mails
            self._gave_up(leased, "held", error)
            return
        try:
            sent = await self.transport.send(mail, lambda: self.hand_over.mark(leased.no))
        except (LeaseLost, Transient) as error:
            self.hand_over.release([leased.no])
            if isinstance(error, Transient):
                raise
        except Exception as error:  # noqa: BLE001 - a bug: once more at most, then it is held
            self._gave_up(leased, "unknown", error)
        else:
            # Nothing is awaited in between: the connection's next mark must find this ending told.
            self.hand_over.settle(self._settled(leased, sent))
            taken.note(sent)

    def _gave_up(self, leased: Leased, state: State, error: Exception) -> None:
        log.error("mail_failed", outbox=leased.no, error=type(error).__name__, where=places(error))
        why = f"not sent: {type(error).__name__}, see the log"
        self.hand_over.settle(Settled(leased.no, state, leased.attempts, self.clock(), why))

    def _rendered(self, leased: Leased) -> Mail:
        return self.renderer.render(
            Notice(
                name=leased.name,
                recipient=leased.destination,
                key=leased.key or str(leased.no),
                facts=self.open_links(leased.facts),
                planned_at=leased.created_at,
            )
        )

    def _settled(self, leased: Leased, sent: Sent) -> Settled:
        now, attempts = self.clock(), leased.attempts + 1
        match sent:
            case Accepted(reply):
                return Settled(leased.no, "sent", attempts, now, reply)
            case Refused(code, reply):
                return Settled(leased.no, "refused", attempts, now, f"{code} {reply}")
            case Unknown(why):
                return Settled(leased.no, "unknown", leased.attempts, now, why)
            case Misconfigured(why):
                return Settled(leased.no, "due", leased.attempts, now + timedelta(minutes=1), f"misconfigured: {why}")
            case Temporary(code, reply):
                if code is None:  # the server is away: that is no attempt at this mail
                    return Settled(leased.no, "due", leased.attempts, now + timedelta(seconds=10), reply)
                return self._later(leased, attempts, f"{code} {reply}", now)
            case _:
                assert_never(sent)

    def _later(self, leased: Leased, attempts: int, reply: str, now: datetime) -> Settled:
        template = self._template(leased.name)
        deadline = leased.created_at + timedelta(days=template.deadline_days if template else 5)
        pause = timedelta(minutes=_PAUSES_MINUTES[min(attempts, len(_PAUSES_MINUTES)) - 1])
        if now + pause > deadline:
            return Settled(leased.no, "refused", attempts, now, f"given up after {attempts} tries: {reply}")
        return Settled(leased.no, "due", attempts, now + pause, reply)
