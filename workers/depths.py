"""What stands in the broker's queues: one passive look at each, and what only the management API sees where that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from pydantic import TypeAdapter, ValidationError

from messages.errors import BrokerAway, Misconfigured
from messages.registry import families
from workers.bootstrap import management_of
from workers.topology.connecting import connected
from workers.topology.plan import plan
from workers.topology.seen import QueueSeen

if TYPE_CHECKING:
    from workers.settings import Settings
    from workers.topology.management import Management


@dataclass(frozen=True, slots=True)
class Depth:
    """One queue of ours. ``depth`` None: the queue does not exist. ``hidden`` None: only the management API sees that.

    Hidden messages are neither ready nor delivered: a dead-lettering that cannot deliver holds them.
    """

    name: str
    depth: int | None
    consumers: int | None
    hidden: int | None = None


async def depths(settings: Settings) -> tuple[Depth, ...]:
    """Return every queue of this site, the deepest first.

    The consumers are those of this moment. The messages are too, but without those that a consumer holds; with
    management they are counted, and may be five seconds old.

    Raises:
        BrokerAway: nobody answers.
        Misconfigured: a URL, password or virtual host is wrong.
    """
    management = management_of(settings)
    names = [queue.name for queue in plan(families()).queues]
    found = await _by_amqp(settings.amqp_url.get_secret_value(), names)
    if management is not None:
        found = await _with_management(management, found)
    return tuple(sorted(found, key=lambda depth: (-(depth.depth or 0), depth.name)))


async def _with_management(management: Management, found: list[Depth]) -> list[Depth]:
    answer = await management.ask("GET", f"queues/{quote(management.vhost, safe='')}")
    try:
        seen = {queue.name: queue for queue in TypeAdapter(tuple[QueueSeen, ...]).validate_json(answer)}
    except ValidationError:
        raise Misconfigured("What answers at the management URL does not answer as RabbitMQ does.") from None
    return [
        replace(depth, depth=queue.messages, hidden=queue.hidden) if (queue := seen.get(depth.name)) else depth
        for depth in found
    ]


async def _by_amqp(url: str, names: list[str]) -> list[Depth]:
    found = []
    try:
        async with connected(url, 10.0) as connection:
            for name in names:  # the broker closes the channel on which a queue was missed
                channel = await connection.channel()
                try:
                    declared = (await channel.declare_queue(name, passive=True)).declaration_result
                    found.append(Depth(name, declared.message_count, declared.consumer_count))
                except ChannelNotFoundEntity:
                    found.append(Depth(name, None, None))
                else:
                    await channel.close()
    except (AMQPError, TimeoutError) as error:
        raise BrokerAway(f"The broker went away while it was looked at: {type(error).__name__}.") from error
    return found
