"""What the doctor says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["loses_messages", "fault", "warning", "good"]
"""``loses_messages``: workers refuse to start. ``fault``: works wrongly or not at all, yet keeps every
message. ``warning``: will matter, or could not be seen. ``good``: looked at and right."""

ORDER: tuple[Severity, ...] = ("loses_messages", "fault", "warning", "good")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        id: stable name of the rule, ``dead_letter.strategy``; alerts and tests go by it.
        severity: what it means for the messages.
        subject: the queue, exchange or part of the broker that it is about.
        sentence: in plain words what is wrong and what to do.
    """

    id: str
    severity: Severity
    subject: str
    sentence: str


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the order in which they should be mended."""
    return sorted(findings, key=lambda finding: (ORDER.index(finding.severity), finding.subject, finding.id))
