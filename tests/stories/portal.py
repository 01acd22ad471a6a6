"""A portal or a gateway as its makers would write it: it knows RabbitMQ's address and the workers' public key, no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pydantic import JsonValue

from handlers.secrets import SealingKey
from messages.answer import Answer
from messages.envelope import JSON
from messages.message import Message
from workers.client import Publisher, new_message_id

_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Secret:
    """What a person typed or a link brought back; it leaves the portal only sealed for its message."""

    text: str


class Portal:
    """One broker user that publishes messages and awaits their answers."""

    def __init__(self, amqp_url: str, key: SealingKey) -> None:
        self._publisher = Publisher(amqp_url, app_id="portal")
        self._key = key

    async def __aenter__(self) -> Self:
        await self._publisher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._publisher.__aexit__(kind, error, trace)

    async def ask(
        self, kind: type[Message], *, message_id: str | None = None, file_name: str = "", **fields: Any
    ) -> Answer:
        """Publish a message of this kind, its secrets sealed, and return its answer."""
        message_id = message_id or new_message_id()
        sealed = {
            name: self._key.seal(value.text, message_id=message_id) if isinstance(value, Secret) else value
            for name, value in fields.items()
        }
        return await self._publisher.ask(
            kind(**sealed), message_id=message_id, file_name=file_name, timeout_seconds=_TIMEOUT_SECONDS
        )

    async def ask_body(self, kind: str, body: bytes, *, message_id: str) -> Answer:
        """Publish what is said to be JSON as it is, and return its answer."""
        return await self._publisher.ask_body(
            kind, body, content_type=JSON, message_id=message_id, timeout_seconds=_TIMEOUT_SECONDS
        )

    async def does(self, kind: type[Message], **fields: Any) -> Mapping[str, JsonValue]:
        """The message is accepted; what its answer holds."""
        answer = await self.ask(kind, **fields)
        assert answer.status == "accepted", (kind.kind, answer)
        return answer.result or {}

    async def is_refused(self, kind: type[Message], **fields: Any) -> str:
        """The message is refused; the code that says why."""
        answer = await self.ask(kind, **fields)
        assert answer.status == "refused", (kind.kind, answer)
        assert answer.code is not None
        assert answer.text
        return answer.code
