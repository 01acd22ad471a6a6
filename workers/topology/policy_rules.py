"""What must hold for policies: the broker applies exactly one per queue, and it must be ours."""

from __future__ import annotations

from collections.abc import Iterator

from workers.topology.finding import Finding, Severity
from workers.topology.plan import Plan, Policy, Version
from workers.topology.queue_rules import REDECLARE
from workers.topology.seen import Broker, PolicySeen

ESSENTIAL = frozenset(
    {"dead-letter-exchange", "dead-letter-strategy", "overflow", "alternate-exchange", "delivery-limit"}
)
"""Keys whose loss or change can lose messages."""

APPLIES_TO = {
    "queues": frozenset({"queues", "quorum_queues", "all"}),
    "exchanges": frozenset({"exchanges", "all"}),
}


def judge_policies(plan: Plan, broker: Broker) -> Iterator[Finding]:
    """Every policy that is missing, changed, in danger or tightened."""
    if broker.policies is None:
        yield Finding(
            "policy.unseen",
            "warning",
            "policies",
            "the management user may not list policies, so a rival of ours would not be noticed: give it "
            "the tag `policymaker`.",
        )
    for policy in plan.policies:
        if not _exists(policy, broker):
            continue
        yield from _applied(policy, broker)
        yield from _own(policy, broker)
        yield from _rivals(policy, broker)
        yield from _tightened(policy, broker)


def _exists(policy: Policy, broker: Broker) -> bool:
    return policy.name in (broker.queues if policy.applies_to == "queues" else broker.exchanges)


def _applied(policy: Policy, broker: Broker) -> Iterator[Finding]:
    """The broker names the one policy that it applies."""
    kept = broker.queues if policy.applies_to == "queues" else broker.exchanges
    name = kept[policy.name].policy or None
    if name is None:
        yield Finding(
            "policy.missing",
            "loses_messages",
            policy.name,
            f"no policy applies to {policy.name}; {REDECLARE}.",
        )
    elif name != policy.name:
        others = {rival.name: rival for rival in broker.policies or ()}
        rival = others.get(name)
        yield Finding(
            "policy.overridden",
            _severity(policy, rival, broker.version) if rival else "fault",
            policy.name,
            f"the policy {name} applies to {policy.name} instead of ours: delete it or narrow its pattern, "
            f"then {REDECLARE}.",
        )


def _own(policy: Policy, broker: Broker) -> Iterator[Finding]:
    """Our own policy has what the plan says for this version."""
    seen = next((seen for seen in broker.policies or () if seen.name == policy.name), None)
    if seen is None:
        return
    planned = policy.definition(broker.version)
    differing = sorted(k for k in planned.keys() | seen.definition.keys() if planned.get(k) != seen.definition.get(k))
    if differing:
        yield Finding(
            "policy.changed",
            "fault" if ESSENTIAL & set(differing) else "warning",
            policy.name,
            f"the policy {policy.name} differs from the plan in {', '.join(differing)}; {REDECLARE}.",
        )


def _rivals(policy: Policy, broker: Broker) -> Iterator[Finding]:
    """Between fitting policies of the same priority chance decides, anew at any change."""
    mine = next((seen for seen in broker.policies or () if seen.name == policy.name), None)
    for rival in broker.policies or ():
        if mine is not None and rival.name != mine.name and rival.priority == mine.priority and _fits(rival, policy):
            yield Finding(
                "policy.tie",
                _severity(policy, rival, broker.version),
                policy.name,
                f"the policy {rival.name} fits {policy.name} with the same priority as ours, and chance "
                f"decides between them: delete it or lower its priority.",
            )


def _tightened(policy: Policy, broker: Broker) -> Iterator[Finding]:
    """An operator policy lies over every policy; of two numbers the smaller one holds."""
    if policy.applies_to != "queues":
        return
    name = broker.queues[policy.name].operator_policy or None
    if name is None:
        return
    operator = next((seen for seen in broker.operator_policies or () if seen.name == name), None)
    keys = sorted(operator.definition) if operator else ["(its keys may not be read)"]
    yield Finding(
        "operator_policy.tightens",
        "fault",
        policy.name,
        f"the operator policy {name} lies over ours on {policy.name} and sets {', '.join(keys)}: have it "
        f"exclude pmp queues.",
    )


def _severity(policy: Policy, rival: PolicySeen, version: Version) -> Severity:
    planned = policy.definition(version)
    keeps = all(rival.definition.get(key) == value for key, value in planned.items() if key in ESSENTIAL)
    return "fault" if keeps else "loses_messages"


def _fits(rival: PolicySeen, policy: Policy) -> bool:
    return rival.applies_to in APPLIES_TO[policy.applies_to] and rival.fits(policy.name)
