"""The doctor on a real broker: each misconfiguration is made, and must be found by its name."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import repeat
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from messages.errors import Misconfigured
from tests.servers import fresh_vhost
from workers.services.rabbitmq import Broker
from workers.topology.declare import declare
from workers.topology.definitions import definitions
from workers.topology.doctor import (
    Examination,
    Finding,
    Severity,
    examine,
    refuse_to_start,
    refuses_to_start,
)
from workers.topology.management import Management, vhost_of
from workers.topology.plan import DEAD, EVENTS, FILES, INBOUND, UNROUTED, plan
from workers.topology.users import BrokerUser, TopicPermission, worker

PLAN = plan(["mail", "dispensation"])
MAIL, RECORDS = "pmp.mail", "pmp.dispensation"
LOSES: Severity = "loses_messages"
FAULT: Severity = "fault"
WARNING: Severity = "warning"
SETTLED = Examination()
AT_ONCE = Examination(settle_seconds=0.0)
WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Site:
    """A broker with the whole topology, and the means to break it."""

    amqp_url: str
    management: Management
    channel: AbstractChannel

    async def examined(self, examination: Examination = SETTLED) -> list[Finding]:
        return await examine(PLAN, self.amqp_url, self.management, examination)

    async def policy(self, name: str, *without: str, **keys: str | int) -> None:
        """The planned policy of this name stands, without these keys and with those (``_`` for ``-``)."""
        planned = next(policy for policy in PLAN.policies if policy.name == name)
        definition = planned.definition(await self.management.version())
        definition |= {key.replace("_", "-"): value for key, value in keys.items()}
        body = {
            "pattern": planned.pattern,
            "apply-to": planned.applies_to,
            "priority": planned.priority,
            "definition": {key: value for key, value in definition.items() if key not in without},
        }
        await self.management.ask("PUT", f"policies/{self.management.vhost}/{name}", body=body)

    async def rival(self, priority: int, kind: str = "policies", **keys: str | int) -> None:
        """A stranger's policy fits every queue of ours."""
        definition = {key.replace("_", "-"): value for key, value in keys.items()}
        body = {"pattern": "^pmp", "apply-to": "queues", "priority": priority, "definition": definition}
        await self.management.ask("PUT", f"{kind}/{self.management.vhost}/stranger", body=body)

    async def without_policy(self, name: str) -> None:
        await self.management.ask("DELETE", f"policies/{self.management.vhost}/{name}")

    async def queue(self, name: str, **arguments: str | int) -> None:
        """The queue is declared anew with these arguments (``_`` for ``-``), bound as planned."""
        await self.channel.queue_delete(name)
        table: dict[str, str | int] = {key.replace("_", "-"): value for key, value in arguments.items()}
        queue = await self.channel.declare_queue(name, durable=True, arguments={**table})
        for binding in PLAN.bindings:
            if binding.queue == name:
                await queue.bind(binding.exchange, binding.routing_key)

    async def bound(self, queue: str, exchange: str, key: str) -> None:
        await (await self.channel.declare_queue(queue, passive=True)).bind(exchange, key)

    async def unbound(self, queue: str, exchange: str, key: str) -> None:
        await (await self.channel.declare_queue(queue, passive=True)).unbind(exchange, key)

    async def examined_as(self, user: BrokerUser, *event_kinds: str) -> list[Finding]:
        """What the doctor finds over a connection of this user, who exists only meanwhile."""
        version = await self.management.version()
        written = definitions(PLAN, version, [user], vhost=self.management.vhost)
        body = {key: written[key] for key in ("users", "permissions", "topic_permissions")}
        await self.management.ask("POST", "definitions", body=body)
        parts = urlsplit(self.amqp_url)
        url = urlunsplit(parts._replace(netloc=f"{user.name}:secret@{parts.hostname}:{parts.port}"))
        try:
            return await examine(PLAN, url, self.management, replace(AT_ONCE, event_kinds=event_kinds))
        finally:
            await self.management.ask("DELETE", f"users/{user.name}")


@asynccontextmanager
async def standing(rabbitmq: Broker, amqp_url: str) -> AsyncIterator[Site]:
    """The virtual host with the topology as planned."""
    assert rabbitmq.management_url
    management = Management(rabbitmq.management_url, vhost_of(amqp_url))
    await declare(amqp_url, management, PLAN)
    async with await aio_pika.connect(amqp_url) as connection:
        yield Site(amqp_url, management, await connection.channel(on_return_raises=True))


@pytest.fixture
async def site(rabbitmq: Broker, amqp_url: str) -> AsyncIterator[Site]:
    """A virtual host of this test alone, with the topology as planned."""
    async with standing(rabbitmq, amqp_url) as site:
        yield site


async def foreign_binding(site: Site) -> None:
    await site.channel.declare_queue("tap", durable=True)
    await site.bound("tap", INBOUND, "#")


async def exchange_of_another_type(site: Site) -> None:
    await site.channel.exchange_delete(EVENTS)
    await site.channel.declare_exchange(EVENTS, "direct", durable=True)


QUORUM: dict[str, str | int] = {"x_queue_type": "quorum"}
TIE = next(policy.priority for policy in PLAN.policies if policy.name == MAIL)

Break = Callable[[Site], Awaitable[object]]

BROKEN: list[tuple[Break, str, str, Severity]] = [
    # what catches dead letters
    (lambda s: s.channel.exchange_delete(DEAD), "dead_letter.exchange_missing", DEAD, LOSES),
    (lambda s: s.unbound(DEAD, DEAD, ""), "dead_letter.unbound", DEAD, LOSES),
    (lambda s: s.channel.queue_delete(DEAD), "queue.missing", DEAD, LOSES),
    # a strategy silently downgraded
    (lambda s: s.policy(MAIL, "dead-letter-strategy"), "dead_letter.strategy", MAIL, LOSES),
    (lambda s: s.policy(MAIL, overflow="drop-head"), "dead_letter.overflow", MAIL, LOSES),
    (lambda s: s.policy(DEAD, "overflow"), "dead_letter.overflow", DEAD, LOSES),
    # dead letters that go nowhere, elsewhere or round
    (lambda s: s.policy(MAIL, "dead-letter-exchange"), "dead_letter.absent", MAIL, LOSES),
    (lambda s: s.policy(MAIL, dead_letter_exchange="amq.fanout"), "dead_letter.target", MAIL, LOSES),
    (lambda s: s.policy(DEAD, dead_letter_exchange="amq.fanout"), "dead_letter.unexpected", DEAD, LOSES),
    (lambda s: s.policy(DEAD, dead_letter_exchange=DEAD), "dead_letter.cycle", DEAD, LOSES),
    (lambda s: s.policy(DEAD, dead_letter_exchange=INBOUND), "dead_letter.cycle", DEAD, LOSES),
    # arguments that beat the policy
    (lambda s: s.queue(MAIL, **QUORUM, x_dead_letter_exchange="gone"), "dead_letter.argument", MAIL, LOSES),
    (lambda s: s.queue(MAIL, **QUORUM, x_dead_letter_exchange=DEAD), "dead_letter.argument", MAIL, WARNING),
    (
        lambda s: s.queue(MAIL, **QUORUM, x_dead_letter_strategy="at-most-once"),
        "dead_letter.strategy",
        MAIL,
        LOSES,
    ),
    (lambda s: s.queue(MAIL, **QUORUM, x_max_length=100), "queue.argument", MAIL, WARNING),
    (lambda s: s.queue(MAIL, **QUORUM, x_expires=3_600_000), "expiry.queue", MAIL, LOSES),
    (lambda s: s.queue(MAIL, x_queue_type="classic"), "queue.type", MAIL, LOSES),
    # policies removed, overridden, tied, changed, tightened
    (lambda s: s.without_policy(MAIL), "policy.missing", MAIL, LOSES),
    (lambda s: s.rival(2000, max_length=10), "policy.overridden", MAIL, LOSES),
    (lambda s: s.rival(TIE, max_length=10), "policy.tie", MAIL, LOSES),
    (lambda s: s.policy(MAIL, max_length_bytes=1_000_000), "policy.changed", MAIL, WARNING),
    (lambda s: s.rival(1, "operator-policies", max_length=10), "operator_policy.tightens", MAIL, FAULT),
    # limits
    (lambda s: s.policy(MAIL, "delivery-limit"), "delivery_limit.absent", MAIL, FAULT),
    (lambda s: s.policy(MAIL, delivery_limit=2), "delivery_limit.low", MAIL, FAULT),
    (lambda s: s.policy(DEAD, delivery_limit=20), "delivery_limit.low", DEAD, LOSES),
    (lambda s: s.policy(UNROUTED, delivery_limit=20), "delivery_limit.low", UNROUTED, LOSES),
    (lambda s: s.policy(MAIL, "max-length-bytes"), "length.unbounded", MAIL, WARNING),
    (lambda s: s.policy(MAIL, message_ttl=60_000), "expiry.messages", MAIL, FAULT),
    (lambda s: s.policy(DEAD, message_ttl=60_000), "expiry.messages", DEAD, LOSES),
    # the alternate exchange
    (lambda s: s.without_policy(INBOUND), "alternate.absent", INBOUND, LOSES),
    (lambda s: s.policy(INBOUND, alternate_exchange="amq.fanout"), "alternate.target", INBOUND, LOSES),
    (lambda s: s.unbound(UNROUTED, UNROUTED, ""), "alternate.unbound", UNROUTED, LOSES),
    (lambda s: s.channel.exchange_delete(UNROUTED), "exchange.missing", UNROUTED, LOSES),
    # queues, exchanges and bindings
    (lambda s: s.channel.queue_delete(MAIL), "queue.missing", MAIL, FAULT),
    (lambda s: s.unbound(FILES, INBOUND, "dispensation.file_submitted"), "binding.missing", FILES, FAULT),
    (lambda s: s.bound(RECORDS, INBOUND, "dispensation.#"), "binding.extra", RECORDS, FAULT),
    (foreign_binding, "binding.foreign", "tap", WARNING),
    (exchange_of_another_type, "exchange.type", EVENTS, FAULT),
]


def named(findings: list[Finding], rule: str, subject: str) -> Finding:
    """The finding of this name about this subject; all that was found is shown when it is not there."""
    found = [finding for finding in findings if (finding.id, finding.subject) == (rule, subject)]
    assert found, [finding for finding in findings if finding.severity != "good"]
    return found[0]


async def examined_broken(rabbitmq: Broker, amqp_url: str, break_it: Break) -> list[Finding]:
    """What the doctor says about a virtual host of its own, broken in this one way."""
    async with standing(rabbitmq, amqp_url) as site:
        await break_it(site)
        return await site.examined(replace(SETTLED, probe_permissions=False))


@pytest.fixture(scope="module")
def examinations(rabbitmq: Broker) -> Iterator[list[list[Finding]]]:
    """The findings for each entry of BROKEN: all at once, for each waits until the statistics catch up."""

    async def all_at_once(urls: list[str]) -> list[list[Finding]]:
        ways = [break_it for break_it, *_ in BROKEN]
        return await asyncio.gather(*map(examined_broken, repeat(rabbitmq), urls, ways))

    with ExitStack() as vhosts:
        yield asyncio.run(all_at_once([vhosts.enter_context(fresh_vhost(rabbitmq)) for _ in BROKEN]))


@pytest.mark.parametrize("place", range(len(BROKEN)), ids=[f"{rule} {name}" for _, rule, name, _ in BROKEN])
def test_a_misconfiguration_is_found(examinations: list[list[Finding]], place: int) -> None:
    """Each way to break the topology has its finding, and what would lose messages stops the workers."""
    _, rule, subject, severity = BROKEN[place]
    findings = examinations[place]
    assert named(findings, rule, subject).severity == severity
    if severity == LOSES:
        assert refuses_to_start(findings)
        with pytest.raises(Misconfigured, match=re.escape(subject)):
            refuse_to_start(findings)


async def test_the_planned_topology_is_good(site: Site) -> None:
    """On a topology as planned every queue, exchange and canary is good, and nothing else is said."""
    findings = await site.examined()
    assert [finding for finding in findings if finding.severity != "good"] == []
    assert {queue.name for queue in PLAN.queues} <= {finding.subject for finding in findings}
    assert [finding.subject for finding in findings if finding.id == "canary"] == [EVENTS, INBOUND, INBOUND]
    refuse_to_start(findings)


async def test_an_examination_leaves_no_trace(site: Site) -> None:
    """A waiting message is neither taken nor counted as delivered, and no queue is left behind."""
    inbound = await site.channel.get_exchange(INBOUND, ensure=False)
    await inbound.publish(aio_pika.Message(b"{}"), "mail.bounced", mandatory=True)
    await site.examined(replace(AT_ONCE, event_kinds=("account.suspended",)))
    assert set((await site.management.look()).queues) == {queue.name for queue in PLAN.queues}
    mail = await site.channel.declare_queue("pmp.mail", passive=True)
    assert mail.declaration_result.message_count == 1
    async with mail.iterator(timeout=10) as arrivals:
        message = await anext(arrivals)
        await message.ack()
    assert not message.redelivered
    assert not message.headers.get("x-delivery-count")


async def test_messages_out_of_sight_are_found(site: Site) -> None:
    """A dead letter that cannot be delivered is neither ready nor unacknowledged, and is reported."""
    await site.channel.exchange_delete(DEAD)
    inbound = await site.channel.get_exchange(INBOUND, ensure=False)
    await inbound.publish(aio_pika.Message(b"{}"), "mail.bounced", mandatory=True)
    mail = await site.channel.declare_queue("pmp.mail", passive=True)
    async with mail.iterator(timeout=10) as arrivals:
        await (await anext(arrivals)).reject(requeue=False)
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (await site.management.look()).queues["pmp.mail"].hidden:
            pass
    assert named(await site.examined(AT_ONCE), "queue.hidden", "pmp.mail").severity == "fault"


async def test_the_largest_message_must_fit(site: Site) -> None:
    """A canary as large as our own limit finds a broker that takes less."""
    findings = await site.examined(replace(AT_ONCE, body_bytes_max=129 * 1024 * 1024, answer_seconds=60.0))
    assert named(findings, "message_size.short", INBOUND).severity == "fault"


def user(name: str, **changed: object) -> BrokerUser:
    """The workers' user with the password ``secret`` (RabbitMQ's salted SHA-256), changed in these fields."""
    salt = b"\x01\x02\x03\x04"
    password_hash = base64.b64encode(salt + hashlib.sha256(salt + b"secret").digest()).decode()
    return replace(worker(name, password_hash), **changed)  # type: ignore[arg-type]


async def test_the_permissions_of_the_workers_user_suffice(site: Site) -> None:
    """The user that the plan proposes lacks nothing."""
    findings = await site.examined_as(user("worker-enough"), "account.suspended")
    lacking = [finding for finding in findings if finding.id.startswith(("permission.", "canary."))]
    assert lacking == []


@pytest.mark.parametrize(
    ("changed", "rule", "subject"),
    [
        ({"read": rf"^({FILES}|{EVENTS}|{INBOUND}|pmp\.doctor\..*)$"}, "permission.read", "pmp.mail"),
        ({"write": rf"^({INBOUND}|pmp\.doctor\..*)$"}, "permission.write", EVENTS),
        (
            {"topics": (TopicPermission(EVENTS, write=r"^(doctor|review)\.", read=".*"),)},
            "permission.write",
            EVENTS,
        ),
        ({"write": rf"^({EVENTS}|pmp\.doctor\..*)$"}, "canary.permission", INBOUND),
        ({"configure": "^$"}, "canary.permission", INBOUND),
    ],
    ids=["read a queue", "write events", "write one kind of event", "write inbound", "configure the canary"],
)
async def test_a_missing_permission_is_found(site: Site, changed: dict[str, object], rule: str, subject: str) -> None:
    """What the connection's user may not do is tried, and named in the broker's own words."""
    findings = await site.examined_as(user("worker-lacking", **changed), "review.due", "account.suspended")
    finding = named(findings, rule, subject)
    assert finding.severity == "fault"
    assert "worker-lacking" in finding.sentence


async def test_a_user_who_speaks_for_others_is_not_probed(site: Site) -> None:
    """With the tag ``impersonator`` a probe would be a real event: none is sent, and the tag is reported."""
    listener = await site.channel.declare_queue("listener", exclusive=True)
    await listener.bind(EVENTS, "account.#")
    findings = await site.examined_as(user("worker-posing", tags=("impersonator",)), "account.suspended")
    assert named(findings, "permission.unseen", EVENTS).severity == "warning"
    counted = await site.channel.declare_queue("listener", passive=True)
    assert counted.declaration_result.message_count == 0


async def test_without_management_the_doctor_says_what_it_cannot_see(site: Site) -> None:
    """AMQP alone shows a sound broker as far as it can, and the rest as not looked at."""
    findings = await examine(PLAN, site.amqp_url, None, AT_ONCE)
    assert [finding.id for finding in findings if finding.severity != "good"] == ["management.absent"]
    assert not refuses_to_start(findings)


async def test_without_management_what_is_missing_is_still_found(site: Site) -> None:
    """A missing queue or exchange shows in a passive declare."""
    await site.channel.queue_delete("pmp.mail")
    await site.channel.exchange_delete(DEAD)
    findings = await examine(PLAN, site.amqp_url, None, AT_ONCE)
    assert named(findings, "queue.missing", "pmp.mail").severity == "fault"
    assert named(findings, "dead_letter.exchange_missing", DEAD).severity == "loses_messages"
