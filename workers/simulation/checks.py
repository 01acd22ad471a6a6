"""A thing that must be so, and the rule that wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RULES: Mapping[str, str] = MappingProxyType({
    "registration.received": "R14", "registration.email_verification": "R13", "registration.documents_wanted": "R4",
    "registration.information_wanted": "R6", "registration.supervisor_asked": "R7",
    "registration.waits_for_supervisor": "R7", "registration.supervisors_refused": "R7", "registration.approved": "R14",
    "registration.rejected": "R14", "registration.reminder": "R12", "registration.expired": "R12",
    "registration.full_access": "R8", "account.password_expiring": "R33", "account.password_expired": "R35",
    "account.password_changed": "R32", "account.password_reset": "R36", "account.locked": "R37",
    "account.terms_updated": "R26", "account.email_change_confirm": "R22", "account.email_changed": "R22",
    "credential.expiring": "R21", "credential.lapsed": "R21", "submission.overdue": "R42", "submission.failed": "R46",
    "submission.status_report": "R47", "submission.zero_report": "R42", "submission.error_reminder": "R47",
    "review.due_digest": "R55", "review.alert_digest": "R29",
    "registration.invited": "R5", "conduct.referred": "R64", "administrators.digest": "R11",
})  # fmt: skip
_OF_FAMILY = MappingProxyType({"account": "R20", "delegate": "R23", "ticket": "R74", "conduct": "R25"})


def rule_of(notice: str) -> str:
    """The rule that a notice is there for; – for one that no rule here knows."""
    return RULES.get(notice) or _OF_FAMILY.get(notice.partition(".")[0], "–")


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must be so, how much of it was looked at, and what speaks against it."""

    rule: str
    what: str
    counted: int
    against: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.against


def compared(rule: str, what: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> Check:
    """Lay what must stand under each name beside what does."""
    against = [
        f"{name}: {wanted.get(name, 'nothing')} wanted, {found.get(name, 'nothing')} found"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    return Check(rule, what, len(wanted), tuple(against))
