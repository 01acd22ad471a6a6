"""What happens on the day: how much of everything, and each message that will be published."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from messages.codec import encode
from messages.message import Message
from workers.client import new_message_id

ADMINISTRATOR = "administrator@pmp.example.org"

RecordKey = tuple[str, str, str, int, str, int]
"""What makes a record the same (R48): dispenser, prescription, day, fill, quantity, partial fill."""


@dataclass(frozen=True, slots=True)
class Day:
    """How much happens. Everything made up follows from ``seed``."""

    registrations: int = 40
    """Everybody who registers, the delegates and officers among them."""
    delegates: int = 5
    officers: int = 3
    """Law enforcement: on their agency's list before they are approved, trained afterwards (R8)."""
    rejections: int = 5
    early_documents: int = 2
    """Documents that overtake their registration, and wait for it."""
    password_changes: int = 10
    tickets: int = 10
    pharmacies: int = 25
    files: int = 60
    """All files, the broken ones, those sent again and the zero report among them."""
    broken_files: int = 3
    files_again: int = 4
    records: int = 12_000
    seed: int = 20_080_701
    deadline_seconds: float = 90.0


@dataclass(frozen=True, slots=True)
class Planned:
    """One message, ready to publish. ``times`` above one: its sender was not sure and published it again."""

    kind: str
    body: bytes
    content_type: str
    message_id: str = field(default_factory=new_message_id)
    file_name: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose day it is: the moment it is played at, the programme's time zone, the chance that made it up."""

    day: Day
    now: datetime
    zone: ZoneInfo
    chance: random.Random

    @property
    def local_now(self) -> datetime:
        """The moment as the programme's clocks show it."""
        return self.now.astimezone(self.zone)


def planned(message: Message, *, message_id: str | None = None) -> Planned:
    """Plan a message of a kind that is spoken."""
    body, content_type = encode(message)
    return Planned(message.kind, body, content_type, message_id or new_message_id())
