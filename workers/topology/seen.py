"""What a broker was seen to be, as frozen values; read from the management API's JSON and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from workers.topology.plan import Version


def _table(value: object) -> object:
    """An empty table, for Erlang writes an empty one as ``[]`` and an absent one as ``""``."""
    return value or {}


Scalar = str | int | bool | float | None | list[object] | dict[str, object]
Table = Annotated[Mapping[str, Scalar], BeforeValidator(_table)]


class Seen(BaseModel):
    """Fields that we do not name are not kept."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class QueueSeen(Seen):
    """A queue as it is. The counts lag by up to five seconds; all else is immediate."""

    name: str
    type: str = "classic"
    arguments: Table = Field(default_factory=dict)
    policy: str | None = None
    operator_policy: str | None = None
    effective_policy_definition: Table = Field(default_factory=dict)
    messages: int = 0
    messages_ready: int = 0
    messages_unacknowledged: int = 0

    @property
    def hidden(self) -> int:
        """Messages neither ready nor unacknowledged: held by a dead-lettering that cannot deliver."""
        return max(0, self.messages - self.messages_ready - self.messages_unacknowledged)


class ExchangeSeen(Seen):
    """An exchange as it is."""

    name: str
    type: str
    durable: bool = True
    internal: bool = False
    arguments: Table = Field(default_factory=dict)
    policy: str | None = None


class BindingSeen(Seen):
    """A binding as it is; ``source`` is empty for the default exchange."""

    source: str
    destination: str
    destination_type: str
    routing_key: str
    arguments: Table = Field(default_factory=dict)


class PolicySeen(Seen):
    """A policy or operator policy as it is."""

    name: str
    pattern: str
    applies_to: str = Field("all", alias="apply-to")
    priority: int = 0
    definition: Table = Field(default_factory=dict)

    def fits(self, name: str) -> bool:
        """Whether the pattern fits; one that Python cannot read is taken to fit, out of caution."""
        try:
            return re.search(self.pattern, name) is not None
        except re.error:
            return True


class FeatureFlag(Seen):
    """A feature flag of the broker."""

    name: str
    state: str


class Alarm(Seen):
    """Memory or disk of one node is short, so publishers are held back."""

    node: str = "?"
    resource: str = "?"


@dataclass(frozen=True, slots=True)
class Broker:
    """One look at one virtual host. None means that the management user may not look."""

    version: Version
    queues: Mapping[str, QueueSeen]
    exchanges: Mapping[str, ExchangeSeen]
    bindings: tuple[BindingSeen, ...]
    policies: tuple[PolicySeen, ...] | None
    operator_policies: tuple[PolicySeen, ...] | None
    feature_flags: tuple[FeatureFlag, ...] | None
    alarms: tuple[Alarm, ...] | None
