"""E-mails leave: claimed with a lease, rendered, marked handed over before the final dot, settled with the server's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import structlog
from pydantic import JsonValue

from messages.errors import Invalid, MailerMisconfigured, PmpError, RecipientRefused, UnknownKind
from notifier.catalogue import Template
from notifier.render import Mail, Notice, Renderer
from notifier.transport import Accepted, Misconfigured, Refused, Sent, Temporary, Transport, Unknown
from store import outbox
from store.contract import Store
from store.outbox import Leased, Settled
from store.recipients import RecipientRules, lease_mails

log = structlog.get_logger("pmp.relay")

_PAUSES_MINUTES = (1, 5, 15, 30, 60, 120, 240)  # RFC 5321 4.5.4.1: at least half an hour soon, for four to five days
_MOST_AT_ONCE = 400


class HandOver:
    """Marks mails as handed over; while one commit runs the next marks gather, so that eight connections share an fsync."""

    def __init__(self, store: Store, leased_by: str) -> None:
        self._store = store
        self._leased_by = leased_by
        self._gathered: dict[int, asyncio.Future[bool]] = {}
        self._committing: asyncio.Task[None] | None = None

    async def mark(self, no: int) -> None:
        """Return after the mark is durable.

        Raises:
            LeaseLost: another relay holds this mail now; it must not be sent from here.
        """
        held = asyncio.get_running_loop().create_future()
        self._gathered[no] = held
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        if not await held:
            raise LeaseLost("The lease of this mail has ended.")

    async def _commit(self) -> None:
        while self._gathered:
            gathered, self._gathered = self._gathered, {}
            try:
                held = await self._store.write(
                    partial(outbox.hand_over_all, numbers=tuple(gathered), leased_by=self._leased_by)
                )
            except PmpError as error:
                for future in gathered.values():
                    if not future.done():
                        future.set_exception(error)
            else:
                for no, future in gathered.items():
                    if not future.done():
                        future.set_result(no in held)


class LeaseLost(PmpError):
    """The relay was too slow: the mail belongs to another now."""


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
        self.hand_over = HandOver(self.store, self.leased_by)

    async def turn(self) -> int:
        """Send what is due now; return how many mails were taken.

        Raises:
            StoreAway: leases end by themselves.
            MailerMisconfigured: credentials or TLS are wrong; nothing was burnt, an operator must mend it.
        """
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
        if not leased:
            return 0
        ended = await asyncio.gather(*(self._send(one) for one in leased), return_exceptions=True)
        settled = [one for one in ended if isinstance(one, Settled)]
        after = self.clock()
        await self.store.write(lambda tx: outbox.settle_all(tx, settled, self.leased_by, after))
        for one in settled:
            log.info("mail_settled", outbox=one.no, state=one.state)
        for failure in ended:  # only now: what did leave is settled, however its neighbours ended
            if isinstance(failure, BaseException):
                raise failure
        if any(one.reply.startswith("misconfigured") for one in settled):
            raise MailerMisconfigured("The mail server refuses our login, TLS or sender: see `pmp outbox list`.")
        return len(leased)

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

    async def _send(self, leased: Leased) -> Settled | None:
        try:
            mail = self._rendered(leased)
        except (Invalid, UnknownKind, RecipientRefused) as error:
            return Settled(leased.no, "refused", leased.attempts, self.clock(), f"not sent: {error}"[:200])
        try:
            sent = await self.transport.send(mail, lambda: self.hand_over.mark(leased.no))
        except LeaseLost:
            return None
        return self._settled(leased, sent)

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
