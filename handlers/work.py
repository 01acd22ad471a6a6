"""What a handler has in its hands: the open transaction, the message's envelope, the time, and what shall leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from pydantic import JsonValue

from handlers.publishers import Publishers
from handlers.rules.policy import Policy
from handlers.rules.roles import Roles, standard_roles
from handlers.secrets import Vault
from messages.envelope import Envelope
from messages.message import Message
from store.contract import Transaction
from store.outbox import Staged

M = TypeVar("M", bound=Message)
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Programme:
    """What every handler and sweep knows of the programme it serves."""

    policy: Policy
    vault: Vault
    administrators: tuple[str, ...]
    submitters: Mapping[str, str] = field(default_factory=dict)
    """Broker user → address of those who hand in files (R47)."""
    roles: Roles = field(default_factory=standard_roles)
    publishers: Publishers = field(default_factory=lambda: Publishers({}))
    """Nobody, until the site names somebody (R61)."""
    audit_key: bytes = field(default=b"", repr=False)
    """Under which the audit trail is chained (R60)."""
    on_call: tuple[str, ...] = ()
    """Who is told of what is critical, at any hour (R74); nobody: the administrators."""

    @property
    def watch(self) -> tuple[str, ...]:
        """Who hears at once of what is critical."""
        return self.on_call or self.administrators

    programme_manager: str | None = None
    """Who authorises an Admin (R10); None: the administrators do."""


@dataclass(slots=True)
class Leaving:
    """E-mails and events staged so far; written in the same transaction as the effects they tell of."""

    seq: int | None
    staged: list[Staged] = field(default_factory=list)

    def notify(self, notice: str, recipient: str, facts: Mapping[str, JsonValue], *, occasion: str) -> None:
        """An e-mail leaves after the commit, once per notice, recipient and occasion, ever."""
        self.staged.append(
            Staged(
                "mail",
                notice,
                recipient,
                facts,
                key=f"{notice}:{occasion}:{recipient.casefold()}",
                seq=self.seq,
            )
        )

    def publish(self, event: str, facts: Mapping[str, JsonValue]) -> None:
        """A fact goes to the events exchange after the commit."""
        self.staged.append(Staged("event", event, event, facts, seq=self.seq))


@dataclass(slots=True)
class Work(Generic[M, P]):
    """One message in one transaction. ``prepared`` is what ``prepare_…`` made of the message before the transaction began."""

    message: M
    prepared: P
    envelope: Envelope
    seq: int
    tx: Transaction
    now: datetime
    handed_in_at: datetime
    """When it was first taken: long before now where it waited, or an operator replayed it."""
    programme: Programme
    leaving: Leaving

    @property
    def policy(self) -> Policy:
        """The programme's numbers."""
        return self.programme.policy

    @property
    def today(self) -> date:
        """The calendar day in the programme's time zone."""
        return self.policy.local_date(self.now)

    @property
    def handed_in_on(self) -> date:
        """The calendar day on which it was handed in: by it a submission is held to its checks and deadlines (R40, R41)."""
        return self.policy.local_date(self.handed_in_at)

    def notify(self, notice: str, recipient: str, facts: Mapping[str, JsonValue], *, occasion: str) -> None:
        """See Leaving.notify."""
        self.leaving.notify(notice, recipient, facts, occasion=occasion)

    def publish(self, event: str, facts: Mapping[str, JsonValue]) -> None:
        """See Leaving.publish."""
        self.leaving.publish(event, facts)
