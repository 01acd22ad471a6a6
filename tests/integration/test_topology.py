"""The plan on a real broker: declared or imported it is the same, and each message comes to one place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from messages.errors import BrokerAway, Misconfigured
from workers.services.rabbitmq import Broker
from workers.topology.declare import Change, changes, declare
from workers.topology.definitions import definitions, files
from workers.topology.doctor import examine
from workers.topology.management import Management, vhost_of
from workers.topology.plan import DEAD, FILES, INBOUND, UNROUTED, plan

DEPLOYED = Path(__file__).parents[2] / "deploy" / "rabbitmq"


@pytest.fixture
def management(rabbitmq: Broker, amqp_url: str) -> Management:
    """The management API, about this test's virtual host."""
    assert rabbitmq.management_url
    return Management(rabbitmq.management_url, vhost_of(amqp_url))


@pytest.fixture
async def channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    """A channel with confirms, on which a returned message raises."""
    async with await aio_pika.connect(amqp_url) as connection:
        yield await connection.channel(on_return_raises=True)


async def import_definitions(management: Management, content: Mapping[str, object]) -> None:
    """They stand in the virtual host, as an operator's import makes them."""
    await management.ask("POST", f"definitions/{quote(management.vhost, safe='')}", body=content)


async def publish(channel: AbstractChannel, key: str) -> None:
    exchange = await channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(aio_pika.Message(b"{}"), key, mandatory=True)


async def waiting(channel: AbstractChannel) -> dict[str, int]:
    """Queue → messages, for each queue that has any."""
    counts = {}
    for queue in plan().queues:
        counted = await channel.declare_queue(queue.name, passive=True)
        counts[queue.name] = counted.declaration_result.message_count or 0
    return {name: count for name, count in counts.items() if count}


async def test_declaring_twice_changes_nothing_the_second_time(management: Management, amqp_url: str) -> None:
    """Declaring is idempotent, and says what it had to do."""
    topology = plan()
    done = await declare(amqp_url, management, topology)
    parts = (topology.exchanges, topology.queues, topology.bindings, topology.policies)
    assert len(done) == sum(map(len, parts))
    assert await declare(amqp_url, management, topology) == ()


async def test_a_lent_connection_stays_open(management: Management, amqp_url: str) -> None:
    """Declaring over a connection that somebody else owns does not close it."""
    async with await aio_pika.connect(amqp_url) as connection:
        await declare(connection, management, plan(["mail"]))
        assert not connection.is_closed


async def test_looking_what_would_change_touches_nothing(management: Management) -> None:
    """A dry run names every change and makes none."""
    named = await changes(management, plan(["mail"]))
    assert Change("create", "queue", "pmp.mail") in named
    assert Change("create", "policy", "pmp.mail") in named
    assert Change("create", "binding", f"{INBOUND} --mail.#--> pmp.mail") in named
    assert await changes(management, plan(["mail"])) == named
    assert not (await management.look()).queues


async def test_a_changed_policy_is_put_right(management: Management, amqp_url: str) -> None:
    """What somebody changed in a policy is named as one change, and undone."""
    await declare(amqp_url, management, plan(["mail"]))
    body = {"pattern": "^pmp", "definition": {"max-length": 1}, "priority": 1, "apply-to": "queues"}
    await management.ask("PUT", f"policies/{management.vhost}/pmp.mail", body=body)
    assert await declare(amqp_url, management, plan(["mail"])) == (Change("change", "policy", "pmp.mail"),)
    assert await changes(management, plan(["mail"])) == ()


async def test_a_queue_of_another_shape_is_left_alone(
    management: Management, amqp_url: str, channel: AbstractChannel
) -> None:
    """A classic queue of our name may hold messages: it is named, never deleted."""
    await channel.declare_queue("pmp.mail", durable=True)
    with pytest.raises(Misconfigured, match=r"pmp\.mail"):
        await declare(amqp_url, management, plan(["mail"]))
    assert "pmp.mail" in (await management.look()).queues


async def test_the_deployed_definitions_are_the_same_topology(management: Management) -> None:
    """After importing base and overlay there is nothing left to declare."""
    version = await management.version()
    for name in sorted(files(plan())):
        since = tuple(map(int, name.removesuffix(".json").split("-")[1].split("."))) if "overlay" in name else ()
        if since <= version:
            await import_definitions(management, json.loads((DEPLOYED / name).read_text(encoding="utf-8")))
    assert await changes(management, plan()) == ()


async def test_definitions_for_this_broker_are_the_same_topology(management: Management) -> None:
    """Definitions written for the broker's own version need no overlay."""
    await import_definitions(management, definitions(plan(), await management.version()))
    assert await changes(management, plan()) == ()


async def test_each_message_comes_to_exactly_one_queue(
    management: Management, amqp_url: str, channel: AbstractChannel
) -> None:
    """A file goes past the records' queue, and an unknown kind is kept although it counts as routed."""
    await declare(amqp_url, management, plan())
    for key in (
        "registration.submitted",
        "registration.submitted.v2",
        "dispensation.file_submitted",
        "dispensation.record_submitted",
        "dispensation.records_submitted",
        "weather.changed",
    ):
        await publish(channel, key)
    assert await waiting(channel) == {
        "pmp.registration": 2,
        FILES: 1,
        "pmp.dispensation": 2,
        UNROUTED: 1,
    }


async def test_what_the_broker_sets_aside_is_in_the_dead_queue(
    management: Management, amqp_url: str, channel: AbstractChannel
) -> None:
    """A rejected message is dead-lettered by the policy alone."""
    await declare(amqp_url, management, plan(["mail"]))
    await publish(channel, "mail.bounced")
    mail = await channel.get_queue("pmp.mail", ensure=False)
    async with mail.iterator(timeout=10) as arrivals:
        message = await anext(arrivals)
        await message.reject(requeue=False)
    dead = await channel.get_queue(DEAD, ensure=False)
    async with dead.iterator(timeout=10) as arrivals:
        message = await anext(arrivals)
        await message.ack()
    assert message.routing_key == "mail.bounced"


async def test_a_wrong_password_is_a_matter_of_settings(management: Management) -> None:
    """A login that is refused is misconfigured, and the sentence does not show it."""
    parts = urlsplit(management.url)
    stranger = Management(f"http://guest:hunter2@{parts.hostname}:{parts.port}", management.vhost)
    with pytest.raises(Misconfigured) as caught:
        await stranger.look()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["the password", "the virtual host"])
async def test_a_wrong_amqp_url_is_a_matter_of_settings(management: Management, amqp_url: str, wrong: str) -> None:
    """A refused login is taken neither for a broker that is away nor for a topology at fault."""
    parts = urlsplit(amqp_url)
    stranger = parts._replace(netloc=f"guest:hunter2@{parts.hostname}:{parts.port}")
    url = urlunsplit(stranger) if wrong == "the password" else amqp_url + "-nowhere"
    for asked in (declare(url, management, plan(["mail"])), examine(plan(["mail"]), url, None)):
        with pytest.raises(Misconfigured, match="refuses the") as caught:
            await asked
        assert "hunter2" not in str(caught.value)


async def test_a_broker_that_does_not_answer_is_away(management: Management) -> None:
    """Nobody at the port is a matter of waiting."""
    nobody = Management("http://guest:guest@127.0.0.1:1", management.vhost)
    with pytest.raises(BrokerAway):
        await nobody.look()
    with pytest.raises(BrokerAway):
        await examine(plan(["mail"]), "amqp://guest:guest@127.0.0.1:1/", None)
