"""Who may send what (R61): broker user → kinds, as data. RabbitMQ checks that a message's ``user_id`` is its publisher's.

The same table writes the broker's own topic permissions, so that a forbidden message is stopped at the door; what comes in
all the same (an older permission, a replay) is stopped here, answered, and kept as a dead letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType

from messages.envelope import Envelope
from messages.errors import Misconfigured, NotAuthorised
from messages.registry import kinds

_UNCHECKED = ("app:", "anonymous")


class Publishers:
    """The programme's publishers: for each broker user the kinds it may send, by name or as ``registration.*``, or ``*``.

    Raises:
        Misconfigured: a pattern names no kind, or a user is none that RabbitMQ checks.
    """

    def __init__(self, allowed: Mapping[str, tuple[str, ...]]) -> None:
        for user, patterns in allowed.items():
            if user.startswith(_UNCHECKED):
                raise Misconfigured(f"PMP_PUBLISHERS: {user} is no broker user: RabbitMQ does not check it.")
            for pattern in patterns:
                if not any(fnmatchcase(kind, pattern) for kind in kinds()):
                    raise Misconfigured(f"PMP_PUBLISHERS: no kind is named {pattern} (publisher {user}).")
        self._allowed = MappingProxyType(dict(allowed))
        self._may_send = lru_cache(maxsize=1000)(self._matches)  # each message asks

    def __iter__(self) -> Iterator[str]:
        return iter(self._allowed)

    def __bool__(self) -> bool:
        return bool(self._allowed)

    def kinds_of(self, user: str) -> tuple[str, ...]:
        """Name every kind that a broker user may send."""
        return tuple(kind for kind in kinds() if self._may_send(user, kind))

    def check(self, envelope: Envelope) -> None:
        """Return when the sender may send this kind.

        Raises:
            NotAuthorised: it may not; it was not looked at what the message says.
        """
        if not self._may_send(envelope.sender, envelope.kind):
            raise NotAuthorised("This sender may not send messages of this kind (R61).", field="type")

    def _matches(self, user: str, kind: str) -> bool:
        return any(fnmatchcase(kind, pattern) for pattern in self._allowed.get(user, ()))
