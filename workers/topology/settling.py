"""Whether the management API's picture has caught up with the broker.

What applies to a queue, and its counts, come out of statistics that lag by up to five seconds; the lists of
policies do not. So the picture is behind when a queue shows another policy than the lists say it must have.
"""

from __future__ import annotations

from collections.abc import Sequence

from workers.topology.broker_rules import hidden
from workers.topology.plan import Plan
from workers.topology.seen import Broker, PolicySeen, QueueSeen

FOR_QUEUES = frozenset({"queues", "quorum_queues", "classic_queues", "all"})


def settled(plan: Plan, broker: Broker) -> bool:
    """Every planned queue shows what the lists say, and no dead letter is on its way."""
    queues = [seen for queue in plan.queues if (seen := broker.queues.get(queue.name))]
    return hidden(plan, broker) == 0 and all(_caught_up(queue, broker) for queue in queues)


def _caught_up(queue: QueueSeen, broker: Broker) -> bool:
    if broker.policies is None or broker.operator_policies is None:
        return bool(queue.policy)
    operators = _highest(queue.name, broker.operator_policies)
    if (queue.operator_policy or "") not in ({policy.name for policy in operators} or {""}):
        return False
    tightened = {key for policy in operators for key in policy.definition}
    candidates = _highest(queue.name, broker.policies)
    if not candidates:
        return not queue.policy
    return any(policy.name == queue.policy and _shows(queue, policy, tightened) for policy in candidates)


def _shows(queue: QueueSeen, policy: PolicySeen, tightened: set[str]) -> bool:
    """The queue applies this policy's keys and no others, save those that an operator policy touches."""
    shown = {key: value for key, value in queue.effective_policy_definition.items() if key not in tightened}
    return shown == {key: value for key, value in policy.definition.items() if key not in tightened}


def _highest(name: str, policies: Sequence[PolicySeen]) -> list[PolicySeen]:
    """The fitting policies of the highest priority: one, unless there is a tie."""
    fitting = [policy for policy in policies if policy.applies_to in FOR_QUEUES and policy.fits(name)]
    top = max((policy.priority for policy in fitting), default=0)
    return [policy for policy in fitting if policy.priority == top]
