"""A small publisher for portals and gateways in Python: confirms in flight, mandatory, answers awaited.

    async with Publisher(url, app_id="portal") as publisher:
        answer = await publisher.ask(TicketOpened(...))

A message is published again with the same ``message_id`` until RabbitMQ has confirmed it; the workers know it by that id, so a
repetition changes nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, PublishError
from uuid_utils import uuid7

from messages.answer import Answer
from messages.codec import encode
from messages.envelope import MESSAGE_ID_BYTES_MAX
from messages.errors import BrokerAway, Invalid, Misconfigured
from messages.message import Message
from workers.broker import dead_line_is_away, open_connection
from workers.topology.plan import INBOUND

_CONFIRM_SECONDS = 15.0
_DIRECT_REPLY = "amq.rabbitmq.reply-to"


def new_message_id() -> str:
    """Return an id that no other message has; ids made later sort later."""
    return str(uuid7())


def _as_text(file_name: str) -> str:
    """Return a name that AMQP takes: of one that is no UTF-8 on the disk, ``?`` for each byte that is none."""
    return file_name.encode("utf-8", "replace").decode()


class Publisher:
    """One connection that publishes messages and awaits their answers. Concurrent calls share it."""

    def __init__(self, amqp_url: str, *, app_id: str, attempts_max: int = 5) -> None:
        self._url = amqp_url
        self._app_id = app_id
        self._attempts_max = attempts_max
        self._user = unquote(urlsplit(amqp_url).username or "guest")
        self._connecting = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._inbound: AbstractExchange | None = None
        self._answers: dict[str, asyncio.Future[Answer]] = {}

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            BrokerAway: nobody answers.
            Misconfigured: the login or the virtual host is refused.
        """
        await self._exchange()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(AMQPError, OSError, TimeoutError):
                await asyncio.wait_for(self._connection.close(), 5)

    async def publish(self, message: Message, *, message_id: str | None = None, file_name: str = "") -> str:
        """Return the message's id after RabbitMQ has confirmed that it holds the message.

        Raises:
            BrokerAway: not confirmed; whether it arrived is unknown, so publish it again with the same ``message_id``.
            Invalid: AMQP has no room for that ``message_id``; nothing was sent.
            Misconfigured: RabbitMQ has no queue for this kind, and no alternate exchange keeps it.
        """
        body, content_type = encode(message)
        message_id = message_id or new_message_id()
        await self.publish_body(
            message.kind, body, content_type=content_type, message_id=message_id, file_name=file_name
        )
        return message_id

    async def ask(
        self, message: Message, *, message_id: str | None = None, file_name: str = "", timeout_seconds: float = 60.0
    ) -> Answer:
        """Publish the message and return the workers' answer, which they send after their commit.

        Raises:
            BrokerAway: no confirm or no answer in time; ask again with the same ``message_id``.
        """
        body, content_type = encode(message)
        return await self.ask_body(
            message.kind, body, content_type=content_type, message_id=message_id or new_message_id(),
            file_name=file_name, timeout_seconds=timeout_seconds,
        )  # fmt: skip

    async def ask_body(
        self,
        kind: str,
        body: bytes,
        *,
        content_type: str,
        message_id: str,
        content_encoding: str | None = None,
        file_name: str = "",
        timeout_seconds: float = 60.0,
    ) -> Answer:
        """Publish bytes as they are and return the workers' answer; ``content_encoding`` says ``gzip`` of gzipped ones."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[message_id] = answer
        try:
            async with asyncio.timeout(timeout_seconds):
                await self.publish_body(
                    kind, body, content_type=content_type, message_id=message_id, content_encoding=content_encoding,
                    file_name=file_name, reply_to=_DIRECT_REPLY,
                )  # fmt: skip
                return await answer
        except TimeoutError:
            raise BrokerAway("No answer came in time; ask again with the same message_id.") from None
        finally:
            self._answers.pop(message_id, None)

    async def publish_body(
        self,
        kind: str,
        body: bytes,
        *,
        content_type: str,
        message_id: str,
        content_encoding: str | None = None,
        file_name: str = "",
        reply_to: str | None = None,
    ) -> None:
        """Publish bytes as they are, again and again until they are confirmed or the attempts are used up."""
        if (size := len(message_id.encode())) > MESSAGE_ID_BYTES_MAX:
            text = f"A message_id has at most {MESSAGE_ID_BYTES_MAX} bytes in UTF-8; this one has {size}."
            raise Invalid(text, field="message_id")
        message = aio_pika.Message(
            body,
            message_id=message_id,
            type=kind,
            content_type=content_type,
            content_encoding=content_encoding,
            timestamp=datetime.now(UTC),
            app_id=self._app_id,
            user_id=self._user,
            reply_to=reply_to,
            headers={"file_name": _as_text(file_name)} if file_name else {},
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        pause = 0.2
        for attempt in range(self._attempts_max):
            try:
                with dead_line_is_away():
                    exchange = await self._exchange()
                    await exchange.publish(message, kind, mandatory=True, timeout=_CONFIRM_SECONDS)
            except PublishError as error:
                raise Misconfigured("RabbitMQ has no queue for this kind; see `pmp doctor`.") from error
            except (AMQPError, BrokerAway, Misconfigured, OSError, TimeoutError, RuntimeError) as error:
                if attempt + 1 == self._attempts_max:
                    raise BrokerAway(f"RabbitMQ did not confirm: {type(error).__name__}.") from error
                await asyncio.sleep(pause)
                pause *= 2
            else:
                return

    async def _exchange(self) -> AbstractExchange:
        async with self._connecting:
            alive = self._channel is not None and not self._channel.is_closed
            if alive and self._inbound is not None and self._connection is not None and not self._connection.is_closed:
                return self._inbound
            if self._connection is not None:
                with suppress(AMQPError, OSError, TimeoutError, RuntimeError):
                    await asyncio.wait_for(self._connection.close(), 5)
            self._connection = await open_connection(self._url, name=f"pmp client {self._app_id}")
            self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
            replies = await self._channel.get_queue(_DIRECT_REPLY, ensure=False)
            await replies.consume(self._answered, no_ack=True)
            self._inbound = await self._channel.get_exchange(INBOUND, ensure=False)
            return self._inbound

    async def _answered(self, message: AbstractIncomingMessage) -> None:
        answer = self._answers.get(message.correlation_id or "")
        if answer is not None and not answer.done():
            answer.set_result(Answer.model_validate_json(message.body))
