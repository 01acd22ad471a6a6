"""What must hold for exchanges and bindings: each message comes to exactly one of our queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from workers.topology.finding import Finding, Severity
from workers.topology.plan import DEAD, INBOUND, UNROUTED, Binding, Exchange, Plan
from workers.topology.queue_rules import REDECLARE
from workers.topology.seen import Broker, Scalar
from workers.topology.users import CANARY_KEY_PREFIX

LOSES_WITHOUT = frozenset({DEAD, UNROUTED, INBOUND})

_WITHOUT_BINDING: Mapping[str, tuple[str, Severity, str]] = MappingProxyType(
    {
        DEAD: ("dead_letter.unbound", "loses_messages", "dead letters have nowhere to go"),
        UNROUTED: ("alternate.unbound", "loses_messages", "messages of unknown kinds vanish"),
    }
)


def judge_routing(plan: Plan, broker: Broker) -> Iterator[Finding]:
    """Every fault of exchanges, bindings and the alternate exchange."""
    for exchange in plan.exchanges:
        yield from _exchange(exchange, broker)
    yield from _missing_bindings(plan, broker)
    yield from _extra_bindings(plan, broker)
    yield from _alternate(broker)


def missing_exchange(exchange: Exchange) -> Finding:
    """The finding for an exchange that does not exist."""
    if exchange.name == DEAD:
        return Finding(
            "dead_letter.exchange_missing",
            "loses_messages",
            DEAD,
            f"the dead-letter exchange {DEAD} does not exist: dead letters are dropped, or stay hidden in "
            f"their queues; {REDECLARE}.",
        )
    severity: Severity = "loses_messages" if exchange.name in LOSES_WITHOUT else "fault"
    return Finding(
        "exchange.missing",
        severity,
        exchange.name,
        f"the exchange {exchange.name} does not exist; {REDECLARE}.",
    )


def _exchange(exchange: Exchange, broker: Broker) -> Iterator[Finding]:
    seen = broker.exchanges.get(exchange.name)
    if seen is None:
        yield missing_exchange(exchange)
    elif (seen.type, seen.durable, seen.internal) != (exchange.kind, True, False):
        yield Finding(
            "exchange.type",
            "loses_messages" if exchange.name in LOSES_WITHOUT else "fault",
            exchange.name,
            f"the exchange {exchange.name} must be a durable {exchange.kind} exchange that is not internal. "
            f"Stop the publishers, delete it, {REDECLARE}.",
        )


def _missing_bindings(plan: Plan, broker: Broker) -> Iterator[Finding]:
    standing = _standing(broker)
    for binding in plan.bindings:
        if binding in standing or binding.queue not in broker.queues or binding.exchange not in broker.exchanges:
            continue
        rule, severity, what = _WITHOUT_BINDING.get(binding.exchange) or (
            "binding.missing",
            "fault",
            f"{binding.routing_key} goes to {UNROUTED} and nobody handles it",
        )
        yield Finding(
            rule,
            severity,
            binding.queue,
            f"{binding.queue} is not bound to {binding.exchange}, so {what}; {REDECLARE}.",
        )


def _extra_bindings(plan: Plan, broker: Broker) -> Iterator[Finding]:
    """A second way into a queue of ours doubles messages; a stranger's hides what nobody handles."""
    ours = {queue.name for queue in plan.queues}
    for binding in sorted(_standing(broker) - set(plan.bindings)):
        key = f"{binding.exchange} with {binding.routing_key!r}"
        if not binding.exchange or binding.routing_key.startswith(CANARY_KEY_PREFIX):
            continue
        if binding.queue in ours:
            yield Finding(
                "binding.extra",
                "fault",
                binding.queue,
                f"{binding.queue} is also bound to {key}: messages come to a queue not meant for them, or "
                f"twice. Unbind it.",
            )
        elif binding.exchange == INBOUND:
            yield Finding(
                "binding.foreign",
                "warning",
                binding.queue,
                f"{binding.queue}, which is not ours, is bound to {key}: what fits only that counts as "
                f"routed and never reaches {UNROUTED}.",
            )


def _alternate(broker: Broker) -> Iterator[Finding]:
    inbound = broker.exchanges.get(INBOUND)
    if inbound is None:
        return
    alternate: Scalar = inbound.arguments.get("alternate-exchange")
    if alternate is None and broker.policies is not None:
        policy = next((policy for policy in broker.policies if policy.name == inbound.policy), None)
        alternate = policy.definition.get("alternate-exchange") if policy else None
    elif alternate is None and inbound.policy:
        return  # the policy may not be read: said by the rules about policies
    if alternate is None:
        yield Finding(
            "alternate.absent",
            "loses_messages",
            INBOUND,
            f"{INBOUND} has no alternate exchange: a message of an unknown kind is confirmed and lost; {REDECLARE}.",
        )
    elif alternate != UNROUTED:
        yield Finding(
            "alternate.target",
            "loses_messages",
            INBOUND,
            f"{INBOUND} sends messages of unknown kinds to {alternate} instead of {UNROUTED}; {REDECLARE}. "
            f"If it is an argument of the exchange, the exchange must be deleted first.",
        )


def _standing(broker: Broker) -> set[Binding]:
    return {
        Binding(seen.source, seen.destination, seen.routing_key)
        for seen in broker.bindings
        if seen.destination_type == "queue"
    }
