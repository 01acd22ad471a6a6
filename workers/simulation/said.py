"""What is said in the month, as the one list that the system and the slow model both get."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args

from messages.message import Message

Sender = Literal["portal", "gateway", "chain", "stranger"]
"""Broker users: the portal, the pharmacies' gateway, a chain's own gateway, and somebody who may hardly send anything."""

SENDERS: tuple[Sender, ...] = get_args(Sender)

Link = Literal["", "newest", "wrong"]
"""Which link's secret comes back: the newest that was mailed, or one that nobody mailed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record as its dispenser means it. ``is_good`` is false where a check must refuse it."""

    dispenser: str
    prescription: str
    patient: str
    prescriber: str
    written_on: date
    filled_on: date
    days: int
    ndc: str
    quantity: str = "30"
    status: Literal["new", "revise", "void"] = "new"
    is_good: bool = True

    @property
    def key(self) -> tuple[str, str, date, str]:
        """What makes it the same record (R48); fill number and partial fill are always 0 here."""
        return self.dispenser, self.prescription, self.filled_on, self.quantity


@dataclass(frozen=True, slots=True)
class Handed:
    """What a submission means: a transaction with its lines, a period without any, or a whole transaction withdrawn."""

    transaction: str
    dispenser: str
    made_at: datetime
    lines: tuple[Line, ...] = ()
    zero: tuple[date, date] | None = None
    voids_transaction: bool = False
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the month. What a message seals stands here in clear, for the model and for the search afterwards."""

    at: datetime
    message_id: str
    message: Message | None
    """None: a body that no reader understands."""
    sender: Sender = "portal"
    password: str = field(default="", repr=False)
    link: Link = ""
    link_of: str = ""
    """Whose link: the registration's id, or the address that it was mailed to."""
    handed: Handed | None = None
    patient: str = ""
    same_as: tuple[str, ...] = ()
    """Who else is this patient, or is no more; the stage puts the ids there that earlier answers told."""
    times: int = 1
    kind: str = ""
    """The routing key, where the message does not tell."""

    @property
    def spoken_kind(self) -> str:
        """The kind it is published as."""
        return self.kind or (self.message.kind if self.message is not None else "")
