"""What handing over an e-mail means, and the five ways it can end.

Temporary      nothing was handed over: try again later
Refused        nothing was handed over, and this mail will never be taken
Misconfigured  our credentials, TLS or sender are wrong: pause the mailer, burn no attempt
Accepted       the server has taken charge of it
Unknown        the last bytes went out and no answer came: it may have been delivered
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from notifier.render import Mail

REPLY_CHARS_MAX = 200

BeforeFinal: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has taken charge of the mail; ``reply`` often holds its queue number."""

    reply: str


@dataclass(frozen=True, slots=True)
class Temporary:
    """Not now; nothing was handed over. ``code`` is None when there was no answer, only a lost connection."""

    code: int | None
    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: this recipient or this mail is refused for good."""

    code: int
    reply: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The content went out and its answer is missing: the mail may have been delivered or not."""

    why: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """No mail can leave until an operator mends our credentials, TLS or sender address."""

    why: str


Sent: TypeAlias = Accepted | Temporary | Refused | Unknown | Misconfigured


class Transport(Protocol):
    """Carries ready e-mails away; open inside ``async with``, used by many tasks at once."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def send(self, mail: Mail, before_final: BeforeFinal) -> Sent:
        """The mail is handed over, or it is said why not.

        Args:
            mail: ready bytes to one recipient.
            before_final: awaited once sender and recipient are accepted, before any content leaves.
                Here the caller records *handed over*; when it raises, nothing is sent and the error goes on.

        A cancelled send ends with CancelledError like any task: when ``before_final`` had run by then, the
        outcome is unknown and the caller's own record says so.

        """
        ...

    async def probe(self) -> Temporary | Misconfigured | None:
        """None when a mail could leave now; no mail is sent."""
        ...


_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def plain_reply(text: str) -> str:
    """A server's reply fit to be stored: no address in it, printable ASCII, at most 200 characters."""
    return _UNPRINTABLE.sub(" ", _ADDRESS.sub("(address)", text)).strip()[:REPLY_CHARS_MAX]
