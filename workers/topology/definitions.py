"""The plan as RabbitMQ definitions, for a broker that imports files at boot or through its management API.

The files in ``deploy/rabbitmq`` are written by ``python -m workers.topology.definitions FOLDER``: a base that
every version from 3.10 accepts, and an overlay that a newer broker imports after it. Users are not in the
files, for exported users carry password hashes; give them to :func:`definitions` and keep the result secret.
A broker that imports definitions at boot creates no default user.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.topology.plan import OLDEST, Binding, Exchange, Plan, Policy, Queue, Version, plan
from workers.topology.users import BrokerUser

Json = str | int | bool | list["Json"] | dict[str, "Json"]

VHOST = "pmp"
"""The virtual host in the files; an import into one virtual host by the management API takes no notice of
it."""


def definitions(
    topology: Plan, broker_version: Version, users: Sequence[BrokerUser] = (), *, vhost: str = VHOST
) -> dict[str, Json]:
    """Everything that a broker of this version must import to carry the plan.

    Args:
        topology: what must exist.
        broker_version: decides which keys the policies have.
        users: written with their password hashes and permissions: the result is then a secret.
        vhost: the virtual host that holds it all.
    """
    written: dict[str, Json] = {
        "vhosts": [{"name": vhost}],
        "exchanges": [_exchange(exchange, vhost) for exchange in topology.exchanges],
        "queues": [_queue(queue, vhost) for queue in topology.queues],
        "bindings": [_binding(binding, vhost) for binding in topology.bindings],
        "policies": [_policy(policy, broker_version, vhost) for policy in topology.policies],
    }
    return written | _users(users, vhost)


def overlay(topology: Plan, broker_version: Version, *, vhost: str = VHOST) -> dict[str, Json]:
    """Only the policies in which this version takes more than the oldest; they replace those of the base."""
    return {
        "policies": [
            _policy(policy, broker_version, vhost)
            for policy in topology.policies
            if policy.definition(broker_version) != policy.definition(OLDEST)
        ]
    }


def files(topology: Plan) -> Mapping[str, str]:
    """File name → text of every definitions file; sorted by name they are in the order of import."""
    versions = {setting.since for policy in topology.policies for setting in policy.settings} - {OLDEST}
    written = {"definitions-base.json": definitions(topology, OLDEST)}
    written |= {f"overlay-{major}.{minor}.json": overlay(topology, (major, minor)) for major, minor in sorted(versions)}
    return {name: json.dumps(content, indent=2) + "\n" for name, content in written.items()}


def _exchange(exchange: Exchange, vhost: str) -> dict[str, Json]:
    return {
        "name": exchange.name,
        "vhost": vhost,
        "type": exchange.kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(queue: Queue, vhost: str) -> dict[str, Json]:
    return {
        "name": queue.name,
        "vhost": vhost,
        "durable": True,
        "auto_delete": False,
        "arguments": dict(queue.arguments),
    }


def _binding(binding: Binding, vhost: str) -> dict[str, Json]:
    return {
        "source": binding.exchange,
        "vhost": vhost,
        "destination": binding.queue,
        "destination_type": "queue",
        "routing_key": binding.routing_key,
        "arguments": {},
    }


def _policy(policy: Policy, version: Version, vhost: str) -> dict[str, Json]:
    return {
        "name": policy.name,
        "vhost": vhost,
        "pattern": policy.pattern,
        "apply-to": policy.applies_to,
        "priority": policy.priority,
        "definition": {**policy.definition(version)},
    }


def _users(users: Sequence[BrokerUser], vhost: str) -> dict[str, Json]:
    if not users:
        return {}
    written: dict[str, Json] = {
        "users": [
            {
                "name": user.name,
                "password_hash": user.password_hash,
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": list(user.tags),
            }
            for user in users
        ],
    }
    return written | permissions_of(users, vhost=vhost)


def permissions_of(users: Sequence[BrokerUser], *, vhost: str = VHOST) -> dict[str, Json]:
    """What users may do, without the users themselves: no secret is in it."""
    return {
        "permissions": [
            {
                "user": user.name,
                "vhost": vhost,
                "configure": user.configure,
                "write": user.write,
                "read": user.read,
            }
            for user in users
        ],
        "topic_permissions": [
            {
                "user": user.name,
                "vhost": vhost,
                "exchange": topic.exchange,
                "write": topic.write,
                "read": topic.read,
            }
            for user in users
            for topic in user.topics
        ],
    }


def main(folder: str) -> None:
    """Every definitions file stands in this folder."""
    for name, text in files(plan()).items():
        (Path(folder) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
