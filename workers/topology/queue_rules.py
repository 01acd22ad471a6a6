"""What must hold for each queue, judged by what the broker really applies, not by what was declared."""

from __future__ import annotations

from collections.abc import Iterator

from workers.topology.finding import Finding, Severity
from workers.topology.plan import CONSUMER_TIMEOUT_MS, DEAD, Plan, Queue
from workers.topology.seen import Broker, QueueSeen, Scalar

REDECLARE = "declare it anew"
"""What a sentence says where that mends it; how it is done is told once, by ``doctor.remedy``."""

ARGUMENT_WINS = frozenset({"dead-letter-exchange", "dead-letter-routing-key", "dead-letter-strategy"})
"""For these a queue argument beats the policy; ``overflow`` is the other way round, of numbers the smaller
one holds (RabbitMQ: quorum queues)."""


def judge_queues(plan: Plan, broker: Broker, handler_budget_seconds: float) -> Iterator[Finding]:
    """Every fault of every planned queue."""
    for queue in plan.queues:
        seen = broker.queues.get(queue.name)
        if seen is None:
            yield missing_queue(queue)
            continue
        yield from _shape(queue, seen)
        yield from _terminal(queue, seen, broker) if queue.terminal else _dead_lettering(queue, seen)
        yield from _delivery_limit(queue, seen, plan, broker)
        yield from _length(queue, seen)
        yield from _expiry(queue, seen)
        yield from _consumer_timeout(queue, seen, broker, handler_budget_seconds)


def missing_queue(queue: Queue) -> Finding:
    """The finding for a queue that does not exist."""
    if queue.terminal:
        why = "what should be kept in it is lost"
        return Finding(
            "queue.missing", "loses_messages", queue.name, f"{queue.name} is missing, so {why}: {REDECLARE}."
        )
    why = "its messages go to pmp.unrouted and nobody handles them"
    return Finding("queue.missing", "fault", queue.name, f"{queue.name} is missing: {why}; {REDECLARE}.")


def applied(seen: QueueSeen, key: str) -> Scalar:
    """The value that the broker applies, from argument and policies; None when neither has it."""
    argument, policy = seen.arguments.get(f"x-{key}"), seen.effective_policy_definition.get(key)
    if argument is None or policy is None:
        return policy if argument is None else argument
    if key in ARGUMENT_WINS:
        return argument
    if isinstance(argument, int) and isinstance(policy, int):
        return min(argument, policy)
    return policy


def _shape(queue: Queue, seen: QueueSeen) -> Iterator[Finding]:
    if seen.type != "quorum":
        yield Finding(
            "queue.type",
            "loses_messages",
            queue.name,
            f"{queue.name} is a {seen.type} queue; only a quorum queue counts crashes and dead-letters at "
            f"least once. Drain it, delete it, {REDECLARE}.",
        )
    extra = sorted(set(seen.arguments) - set(queue.arguments) - {"x-dead-letter-exchange"})
    if extra:
        yield Finding(
            "queue.argument",
            "warning",
            queue.name,
            f"{queue.name} was declared with {', '.join(extra)}, which no policy can change later. Drain "
            f"it, delete it, {REDECLARE}.",
        )


def _dead_lettering(queue: Queue, seen: QueueSeen) -> Iterator[Finding]:
    """Strategy, overflow and target must all be right; otherwise it is at-most-once, without a word."""

    def lost(rule: str, what: str) -> Finding:
        return Finding(f"dead_letter.{rule}", "loses_messages", queue.name, f"{queue.name} {what}")

    by_argument = seen.arguments.get("x-dead-letter-exchange")
    if by_argument is not None and by_argument != DEAD:
        yield lost(
            "argument",
            f"was declared with x-dead-letter-exchange={by_argument}, which beats every policy, so dead "
            f"letters do not reach {DEAD}. Drain it, delete it, {REDECLARE}.",
        )
    elif by_argument is not None:
        yield Finding(
            "dead_letter.argument",
            "warning",
            queue.name,
            f"{queue.name} was declared with x-dead-letter-exchange; it is the right one, but no policy can change it.",
        )
    elif (target := applied(seen, "dead-letter-exchange")) is None:
        yield lost("absent", f"has no dead-letter exchange: what ten crashes set aside is deleted; {REDECLARE}.")
    elif target != DEAD:
        yield lost("target", f"dead-letters to {target}, where nobody looks, instead of {DEAD}; {REDECLARE}.")
    if applied(seen, "dead-letter-strategy") != "at-least-once":
        yield lost(
            "strategy",
            f"dead-letters at most once: a broker that dies at that moment loses them; {REDECLARE}.",
        )
    if (overflow := applied(seen, "overflow")) != "reject-publish":
        yield lost(
            "overflow",
            f"has overflow={overflow or 'drop-head'}: it drops its oldest messages when full, and its "
            f"dead-lettering is silently downgraded to at-most-once; {REDECLARE}.",
        )


def _terminal(queue: Queue, seen: QueueSeen, broker: Broker) -> Iterator[Finding]:
    """Nothing stands behind a terminal queue: whatever it lets go is gone."""

    def lost(rule: str, what: str) -> Finding:
        return Finding(rule, "loses_messages", queue.name, f"{queue.name} {what}; {REDECLARE}.")

    target = applied(seen, "dead-letter-exchange")
    if target is not None and queue.name in _reached(str(target), broker):
        yield lost(
            "dead_letter.cycle",
            f"dead-letters to {target}, from where messages come back to it: the broker drops such a circle "
            f"or keeps it stuck and unseen for ever. Take the dead-letter exchange away",
        )
    elif target is not None:
        yield lost("dead_letter.unexpected", f"dead-letters to {target}, where nobody looks. Take that away")
    if applied(seen, "overflow") != "reject-publish":
        yield lost("dead_letter.overflow", "drops its oldest messages when it is full")


def _reached(exchange: str, broker: Broker) -> set[str]:
    """The queues that a message dead-lettered to this exchange can come to, in any number of steps."""
    queues: set[str] = set()
    exchanges, ahead = set[str](), [exchange]
    while ahead:
        source = ahead.pop()
        if source in exchanges:
            continue
        exchanges.add(source)
        for binding in broker.bindings:
            if binding.source != source:
                continue
            if binding.destination_type == "exchange":
                ahead.append(binding.destination)
                continue
            queues.add(binding.destination)
            seen = broker.queues.get(binding.destination)
            further = applied(seen, "dead-letter-exchange") if seen else None
            if further is not None:
                ahead.append(str(further))
    return queues


def _delivery_limit(queue: Queue, seen: QueueSeen, plan: Plan, broker: Broker) -> Iterator[Finding]:
    """Small where pmp.dead stands behind the queue, explicit and huge where nothing does."""
    policy = plan.policy_for(queue.name, "queues")
    wanted = policy.definition(broker.version).get("delivery-limit") if policy else None
    limit = applied(seen, "delivery-limit")
    severity: Severity = "loses_messages" if queue.terminal else "fault"
    if isinstance(limit, int) and isinstance(wanted, int) and 0 <= limit < wanted:
        after = "deleted" if queue.terminal else "set aside, and so are its neighbours in the prefetch window"
        yield Finding(
            "delivery_limit.low",
            severity,
            queue.name,
            f"{queue.name} has delivery-limit {limit} where {wanted} is planned: a message returned that "
            f"often is {after}. Look for an operator policy or an argument, then {REDECLARE}.",
        )
    elif limit is None and queue.terminal:
        yield Finding(
            "delivery_limit.absent",
            severity if broker.version >= (4, 0) else "fault",
            queue.name,
            f"{queue.name} has no delivery limit of its own, and the default of RabbitMQ 4 deletes a "
            f"message that was returned 20 times; {REDECLARE}.",
        )
    elif not queue.terminal and (limit is None or (isinstance(limit, int) and limit < 0)):
        yield Finding(
            "delivery_limit.absent",
            severity,
            queue.name,
            f"{queue.name} has no delivery limit: a message that kills its worker comes back for ever; {REDECLARE}.",
        )


def _length(queue: Queue, seen: QueueSeen) -> Iterator[Finding]:
    if applied(seen, "max-length-bytes") is None:
        yield Finding(
            "length.unbounded",
            "warning",
            queue.name,
            f"{queue.name} has no max-length-bytes: it can fill the disk and so stop the whole broker; {REDECLARE}.",
        )


def _expiry(queue: Queue, seen: QueueSeen) -> Iterator[Finding]:
    if applied(seen, "expires") is not None:
        yield Finding(
            "expiry.queue",
            "loses_messages",
            queue.name,
            f"{queue.name} has `expires`: after a while without a consumer it is deleted with all its "
            f"messages. Remove it.",
        )
    if applied(seen, "message-ttl") is not None:
        severity: Severity = "loses_messages" if queue.terminal else "fault"
        after = "deleted" if queue.terminal else f"moved to {DEAD}"
        yield Finding(
            "expiry.messages",
            severity,
            queue.name,
            f"{queue.name} has `message-ttl`: while workers are stopped, waiting messages are {after}. Remove it.",
        )


def _consumer_timeout(
    queue: Queue, seen: QueueSeen, broker: Broker, handler_budget_seconds: float
) -> Iterator[Finding]:
    timeout = applied(seen, "consumer-timeout")
    if isinstance(timeout, int) and timeout <= handler_budget_seconds * 1000:
        yield Finding(
            "consumer_timeout.short",
            "fault",
            queue.name,
            f"the broker takes a delivery of {queue.name} back after {timeout / 1000:g} s, but a handler "
            f"may use {handler_budget_seconds:g} s: raise consumer-timeout.",
        )
    elif timeout is None and broker.version >= (3, 12):
        yield Finding(
            "consumer_timeout.unseen",
            "warning",
            queue.name,
            f"{queue.name} has no consumer-timeout of its own and rabbitmq.conf cannot be seen from here; "
            f"{REDECLARE}, or import the overlay (it sets {CONSUMER_TIMEOUT_MS // 60_000} minutes).",
        )
