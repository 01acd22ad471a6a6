"""The topology as data: whatever the broker applies by default, nothing of ours may be lost by it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from messages.errors import Misconfigured
from workers.topology.declare import changes, declare
from workers.topology.definitions import definitions, files
from workers.topology.doctor import judge
from workers.topology.management import Management, vhost_of
from workers.topology.plan import DEAD, FAMILIES, FILES, INBOUND, UNROUTED, Binding, Plan, Version, plan
from workers.topology.seen import Alarm, BindingSeen, Broker, ExchangeSeen, FeatureFlag, PolicySeen, QueueSeen
from workers.topology.settling import settled
from workers.topology.users import publisher, worker

PORTABLE = {
    "dead-letter-exchange",
    "dead-letter-strategy",
    "overflow",
    "max-length-bytes",
    "delivery-limit",
    "alternate-exchange",
}
"""Policy keys that RabbitMQ 3.10 and 4 both accept."""

DEPLOYED = Path(__file__).parents[3] / "deploy" / "rabbitmq"


def keys_of(topology: Plan, queue: str) -> set[str]:
    return {binding.routing_key for binding in topology.bindings if binding.queue == queue}


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"dispensation"}))
def test_a_family_owns_its_queue_and_every_kind_of_its_name(family: str) -> None:
    """A family's queue takes ``family.#`` and nothing else."""
    assert keys_of(plan(), f"pmp.{family}") == {f"{family}.#"}


def test_a_dispensation_goes_to_one_queue_only() -> None:
    """Files wait apart from records, and no binding takes both."""
    assert keys_of(plan(), "pmp.dispensation") == {
        "dispensation.record_submitted",
        "dispensation.records_submitted",
    }
    assert keys_of(plan(), FILES) == {"dispensation.file_submitted"}


def test_files_have_no_queue_where_dispensations_are_not_spoken() -> None:
    """The queues follow from the families."""
    assert [queue.name for queue in plan(["mail"]).queues] == [DEAD, UNROUTED, "pmp.mail"]


def test_what_catches_is_declared_first_and_is_bound() -> None:
    """Dead letters and unrouted messages have a queue before there is any message to catch."""
    topology = plan()
    assert [queue.name for queue in topology.queues if queue.terminal] == [DEAD, UNROUTED]
    assert [queue.name for queue in topology.queues][:2] == [DEAD, UNROUTED]
    assert {Binding(DEAD, DEAD, ""), Binding(UNROUTED, UNROUTED, "")} <= set(topology.bindings)


def test_the_queue_type_is_the_only_argument() -> None:
    """An argument can never be changed on a living queue, so there is none but the type."""
    assert all(queue.arguments == {"x-queue-type": "quorum"} for queue in plan().queues)


def test_every_queue_has_one_complete_policy_that_no_other_ties_with() -> None:
    """Each pattern fits one name alone, and no two priorities are equal."""
    topology = plan()
    priorities = [policy.priority for policy in topology.policies]
    names = [queue.name for queue in topology.queues] + [f"{queue.name}.old" for queue in topology.queues]
    assert len(priorities) == len(set(priorities))
    for queue in topology.queues:
        policy = topology.policy_for(queue.name, "queues")
        assert policy is not None
        assert [name for name in names if re.search(policy.pattern, name)] == [queue.name]


def test_working_queues_dead_letter_at_least_once() -> None:
    """Working queues meet all conditions of at-least-once dead-lettering; terminal ones let nothing go."""
    topology = plan()
    for queue in topology.queues:
        policy = topology.policy_for(queue.name, "queues")
        assert policy is not None
        definition = policy.definition((3, 10))
        assert definition["overflow"] == "reject-publish"
        if queue.terminal:
            assert "dead-letter-exchange" not in definition
            assert definition["delivery-limit"] == 1_000_000
        else:
            assert definition["dead-letter-exchange"] == DEAD
            assert definition["dead-letter-strategy"] == "at-least-once"
            assert definition["delivery-limit"] == 10


def test_inbound_has_an_alternate_exchange() -> None:
    """A message of a kind that nobody knows is kept."""
    policy = plan().policy_for(INBOUND, "exchanges")
    assert policy is not None
    assert policy.definition((3, 10)) == {"alternate-exchange": UNROUTED}


def test_the_oldest_broker_is_offered_only_what_every_version_accepts() -> None:
    """One unknown key refuses a whole policy, so newer keys stand in the overlay."""
    assert {key for policy in plan().policies for key in policy.definition((3, 10))} == PORTABLE
    newer = {key for policy in plan().policies for key in policy.definition((4, 3))}
    assert newer - PORTABLE == {"consumer-timeout"}


@pytest.mark.parametrize("name", sorted(files(plan())))
def test_the_deployed_definitions_are_those_of_the_plan(name: str) -> None:
    """A deployed file is never edited by hand: ``python -m workers.topology.definitions deploy/rabbitmq``."""
    assert (DEPLOYED / name).read_text(encoding="utf-8") == files(plan())[name]


def test_nothing_else_is_deployed_as_definitions() -> None:
    """A file of a version that the plan no longer names would still be imported."""
    assert {path.name for path in DEPLOYED.glob("*.json")} == set(files(plan()))


def test_the_workers_user_can_change_nothing_but_its_canary() -> None:
    """The workers' user declares no queue of ours and reads every one."""
    user = worker("worker", "hash-of-nothing")
    names = [queue.name for queue in plan().queues]
    assert not any(re.search(user.configure, name) for name in names)
    assert all(re.search(user.read, name) for name in names)
    assert re.search(user.configure, "pmp.doctor.1f")


def test_a_publisher_may_say_its_kinds_and_nothing_else() -> None:
    """A publisher's topic permission fits its own kinds only (R61)."""
    user = publisher("gateway", "hash-of-nothing", ["dispensation.file_submitted"])
    (topic,) = user.topics
    assert re.search(topic.write, "dispensation.file_submitted")
    assert not re.search(topic.write, "dispensation.file_submitted.more")
    assert not re.search(topic.write, "account.suspended")
    assert not any(re.search(user.read, queue.name) for queue in plan().queues)


def test_users_are_written_only_when_asked_for_and_never_shown() -> None:
    """A password hash is in the definitions that were asked for, and in no representation of the user."""
    user = publisher("gateway", "hash-of-nothing", ["mail.wanted"])
    assert "hash-of-nothing" not in repr(user)
    assert "users" not in definitions(plan(), (3, 10))
    written = json.dumps(definitions(plan(), (3, 10), [user]))
    assert "hash-of-nothing" in written
    assert '"topic_permissions"' in written


async def test_without_a_management_url_declaring_says_what_to_do() -> None:
    """Policies cannot be declared by AMQP: nothing is done by halves, the way out is named."""
    with pytest.raises(Misconfigured, match="PMP_MANAGEMENT_URL"):
        await declare("amqp://broker.example.org/", None, plan())
    with pytest.raises(Misconfigured, match=r"definitions-base\.json"):
        await changes(None, plan())


@pytest.mark.parametrize(
    ("url", "vhost"),
    [
        ("amqp://broker.example.org", "/"),
        ("amqp://broker.example.org/", "/"),
        ("amqp://u:p@broker.example.org:5672/pmp", "pmp"),
        ("amqp://broker.example.org/%2Fpmp?heartbeat=10", "/pmp"),
    ],
)
def test_the_virtual_host_is_the_path_of_the_url(url: str, vhost: str) -> None:
    """An AMQP URL names its virtual host as aio-pika reads it."""
    assert vhost_of(url) == vhost


def test_a_management_url_hides_its_password() -> None:
    """No representation of the client shows the URL, which holds a password."""
    assert "secret" not in repr(Management("http://u:secret@broker.example.org", "pmp"))


def sound(topology: Plan, version: Version) -> Broker:
    """A broker of this version on which the plan stands."""
    return Broker(
        version=version,
        queues={queue.name: _seen(topology, queue.name, version) for queue in topology.queues},
        exchanges={
            exchange.name: ExchangeSeen(
                name=exchange.name,
                type=exchange.kind,
                policy=exchange.name if topology.policy_for(exchange.name, "exchanges") else None,
            )
            for exchange in topology.exchanges
        },
        bindings=tuple(
            BindingSeen(source=b.exchange, destination=b.queue, destination_type="queue", routing_key=b.routing_key)
            for b in topology.bindings
        ),
        policies=tuple(
            PolicySeen.model_validate(
                {
                    "name": policy.name,
                    "pattern": policy.pattern,
                    "apply-to": policy.applies_to,
                    "priority": policy.priority,
                    "definition": policy.definition(version),
                }
            )
            for policy in topology.policies
        ),
        operator_policies=(),
        feature_flags=(FeatureFlag(name="stream_queue", state="enabled"),),
        alarms=(),
    )


def _seen(topology: Plan, name: str, version: Version, **changed: int | None) -> QueueSeen:
    """The queue as planned, with these keys (``_`` for ``-``) applied otherwise, or not at all when None."""
    policy = topology.policy_for(name, "queues")
    assert policy is not None
    applied = policy.definition(version) | {key.replace("_", "-"): value for key, value in changed.items()}
    return QueueSeen(
        name=name,
        type="quorum",
        arguments={"x-queue-type": "quorum"},
        policy=name,
        effective_policy_definition={key: value for key, value in applied.items() if value is not None},
    )


SOUND = sound(plan(), (3, 10))


def with_queue(version: Version, name: str, **changed: int | None) -> Broker:
    broker = sound(plan(), version)
    return replace(broker, queues={**broker.queues, name: _seen(plan(), name, version, **changed)})


@pytest.mark.parametrize("version", [(3, 10), (3, 12), (4, 0), (4, 3)])
def test_the_doctor_has_nothing_to_say_about_the_plan_itself(version: Version) -> None:
    """Plan and rules agree, on each version with the keys that it has."""
    assert list(judge(plan(), sound(plan(), version), 300.0)) == []


@pytest.mark.parametrize(
    ("broker", "rule", "severity"),
    [
        (with_queue((3, 12), "pmp.mail", consumer_timeout=60_000), "consumer_timeout.short", "fault"),
        (with_queue((3, 12), "pmp.mail", consumer_timeout=None), "consumer_timeout.unseen", "warning"),
        (with_queue((3, 10), DEAD, delivery_limit=None), "delivery_limit.absent", "fault"),
        (with_queue((4, 0), DEAD, delivery_limit=None), "delivery_limit.absent", "loses_messages"),
        (with_queue((4, 0), "pmp.mail", delivery_limit=-1), "delivery_limit.absent", "fault"),
        (
            replace(SOUND, alarms=(Alarm(node="one", resource="memory"),)),
            "alarm.raised",
            "fault",
        ),
        (replace(SOUND, version=(3, 9)), "broker.version", "loses_messages"),
        (
            replace(SOUND, feature_flags=(FeatureFlag(name="stream_queue", state="disabled"),)),
            "broker.feature_flag",
            "loses_messages",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_needs_another_broker_is_judged_from_its_picture(broker: Broker, rule: str, severity: str) -> None:
    """Other versions, other flags and raised alarms: one thing is off, and it alone is named."""
    assert [(finding.id, finding.severity) for finding in judge(plan(), broker, 300.0)] == [(rule, severity)]


def test_what_may_not_be_seen_is_never_taken_for_good() -> None:
    """A management user without the right tags gets a warning for each thing that stayed in the dark."""
    dim = replace(SOUND, policies=None, operator_policies=None, feature_flags=None, alarms=None)
    assert {(finding.id, finding.severity) for finding in judge(plan(), dim, 300.0)} == {
        ("policy.unseen", "warning"),
        ("broker.feature_flag_unseen", "warning"),
        ("alarm.unseen", "warning"),
    }


def test_a_picture_behind_the_broker_is_looked_at_again() -> None:
    """The lists are immediate, the statistics lag: while they differ, or letters move, it looks again."""
    assert settled(plan(), SOUND)
    queues = SOUND.queues
    fresh = queues["pmp.mail"].model_copy(update={"policy": None, "effective_policy_definition": {}})
    stale = with_queue((3, 10), "pmp.mail", delivery_limit=3)
    moving = queues["pmp.mail"].model_copy(update={"messages": 2, "messages_ready": 1})
    rival = PolicySeen.model_validate({"name": "rival", "pattern": "^pmp", "priority": 2000})
    assert not settled(plan(), replace(SOUND, queues={**queues, "pmp.mail": fresh}))
    assert not settled(plan(), stale)
    assert not settled(plan(), replace(SOUND, queues={**queues, "pmp.mail": moving}))
    assert not settled(plan(), replace(SOUND, policies=(*(SOUND.policies or ()), rival)))
    assert not settled(plan(), replace(SOUND, operator_policies=(rival,)))
