"""The life of a registration, drawn once (R4–R13): what may arrive in which state, and which state the facts make.

The state is never set by hand. Each message changes a fact; ``standing`` derives the state from all facts, so that the order in
which documents, approvals and lists arrive does not matter. ``MACHINE`` says which messages a state takes at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, cast, get_args

from handlers.rules.policy import Policy
from handlers.rules.roles import Role
from messages.errors import FieldFault

Pending = Literal[
    "email_verification", "documents", "supervisor", "agency_list", "authorisation", "administrator", "information"
]
Closed = Literal["approved", "rejected", "withdrawn", "expired"]
State = Literal[Pending, Closed]
Verdict = Literal["taken", "already_verified", "nothing_wanted", "not_ready", "not_pending", "in_time"]

WAITS_ON_PROGRAMME: frozenset[Pending] = frozenset({"authorisation", "administrator"})
"""R11: the programme's turn. In every other pending state the applicant, or somebody whom they can ask, must act (R12)."""

PENDING = frozenset(get_args(Pending))
_STATES = cast("tuple[State, ...]", (*get_args(Pending), *get_args(Closed)))
_SIGNS: Mapping[str, Verdict] = {
    "+": "taken", "v": "already_verified", "?": "nothing_wanted", "!": "not_ready", "x": "not_pending", "-": "in_time",
}  # fmt: skip
_DRAWN = """
arrives                address documents supervisor agency authorise administrator information approved rejected withdrawn expired
email_verified            +        v         v        v        v           v            v         x        x         x        x
verification_requested    +        v         v        v        v           v            v         x        x         x        x
document_received         +        +         +        +        +           +            +         x        x         x        x
supervisors_named         +        +         +        +        +           +            +         x        x         x        x
answered                  ?        ?         ?        ?        ?           ?            +         x        x         x        x
withdrawn                 +        +         +        +        +           +            +         x        x         x        x
supervisor_decided        +        +         +        +        +           +            +         +        x         x        x
training_completed        +        +         +        +        +           +            +         +        x         x        x
admin_authorised          +        +         +        +        +           +            +         x        x         x        x
document_judged           !        +         +        +        +           +            +         x        x         x        x
want_information          !        +         +        +        +           +            +         x        x         x        x
reject                    !        +         +        +        +           +            +         x        x         x        x
approve                   !        !         !        !        !           +            !         x        x         x        x
time_is_up                +        +         +        +        -           -            +         x        x         x        x
"""


def _read(drawn: str) -> Mapping[str, Mapping[str, Verdict]]:
    rows = [line.split() for line in drawn.strip().splitlines()[1:]]
    return MappingProxyType(
        {
            arrives: MappingProxyType({s: _SIGNS[sign] for s, sign in zip(_STATES, signs, strict=True)})
            for arrives, *signs in rows
        }
    )


MACHINE = _read(_DRAWN)
"""What arrives → state → what is said to it. ``taken`` changes the facts; every other word is the refusal's code."""

DocumentState = Literal["received", "accepted", "deficient"]
IDENTITY_DOCUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "identity_form": "Notarized identity-verification form",
        "photo_id": "Copy of a government-issued photo ID",
    }
)
"""R4: both are required of a role that shows documents."""


_DEFICIENT: Mapping[str, str] = MappingProxyType(
    {
        "signature": "a signature or the notary's seal is missing",
        "completeness": "it is not complete",
        "legibility": "it cannot be read",
        "expired": "it has expired",
        "other": "it cannot be accepted",
    }
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A document that arrived, how it was judged, and what it lacks when it is deficient (R4)."""

    state: DocumentState
    deficiencies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What it lacks, in words."""
        return ", ".join(_DEFICIENT[one] for one in self.deficiencies)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a pending registration so far."""

    is_verified: bool = False
    documents: Mapping[str, Judged] = field(default_factory=dict)
    """R4: the last document of each name."""
    is_supervisor_approved: bool = False
    is_listed: bool = False
    is_authorised: bool = False
    has_open_question: bool = False


Lateness = Literal["in_time", "late", "overdue"]


def lateness(waiting_days: int, policy: Policy) -> Lateness:
    """Tell how late an administrator's decision is (R11)."""
    if waiting_days > policy.registration_overdue_days:
        return "overdue"
    return "late" if waiting_days > policy.registration_late_days else "in_time"


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is missing. While it is the first, the registration stands in ``state``."""

    state: Pending
    code: str
    field: str
    text: str

    @property
    def fault(self) -> FieldFault:
        """The lack as a portal shows it to whoever wanted to approve."""
        return FieldFault(self.field, self.code, self.text)


_Requirement = Callable[[Facts, Role], list[Lack]]


def _address(facts: Facts, _: Role) -> list[Lack]:
    if facts.is_verified:
        return []
    return [Lack("email_verification", "email_unverified", "email", "Confirmation of the e-mail address")]


def _documents(facts: Facts, role: Role) -> list[Lack]:
    found = []
    for name, label in IDENTITY_DOCUMENTS.items() if role.documents else ():
        document, where = facts.documents.get(name), f"documents.{name}"
        match document:
            case None:
                found.append(Lack("documents", "document_missing", where, f"{label}: not yet received"))
            case Judged(state="deficient"):
                found.append(Lack("documents", "document_deficient", where, f"{label}: {document.text}"))
            case Judged(state="received"):
                found.append(Lack("administrator", "document_not_accepted", where, f"{label}: not yet accepted"))
    return found


def _supervisor(facts: Facts, role: Role) -> list[Lack]:
    if facts.is_supervisor_approved or not role.supervisor:
        return []
    return [Lack("supervisor", "supervisor_missing", "supervisors", "Approval of a supervisor")]


def _agency(facts: Facts, role: Role) -> list[Lack]:
    if facts.is_listed or not role.agency_list:
        return []
    text = "Your name and address on the list that the highest-ranking official of your agency sends in"
    return [Lack("agency_list", "not_listed", "applicant.agency_name", text)]


def _authorisation(facts: Facts, role: Role) -> list[Lack]:
    if facts.is_authorised or not role.authorised:
        return []
    return [Lack("authorisation", "not_authorised", "role", "Authorisation by the program manager")]


def _information(facts: Facts, _: Role) -> list[Lack]:
    if not facts.has_open_question:
        return []
    return [Lack("information", "information_wanted", "question", "Your answer to our question")]


_REQUIREMENTS: tuple[_Requirement, ...] = (_address, _information, _documents, _supervisor, _agency, _authorisation)
"""In the order in which the registration passes them: R13, R6, R4, R7, R8, R10."""


def lacks(facts: Facts, role: Role) -> tuple[Lack, ...]:
    """Name everything that is missing before an administrator may approve, the first to be waited for first."""
    found = [lack for requirement in _REQUIREMENTS for lack in requirement(facts, role)]
    return tuple(sorted(found, key=lambda lack: lack.state == "administrator"))


def wanted_documents(facts: Facts, role: Role) -> list[str]:
    """Name the documents that the applicant must send, and why (R4, R14)."""
    return [lack.text for lack in _documents(facts, role) if lack.state == "documents"]


def wanted_of_applicant(facts: Facts, role: Role) -> list[str]:
    """Name what the registration waits for outside the programme (R12)."""
    return [lack.text for lack in lacks(facts, role) if lack.state not in WAITS_ON_PROGRAMME]


def standing(facts: Facts, role: Role) -> Pending:
    """Derive where a pending registration stands: at the first thing it lacks, else before the administrator."""
    missing = lacks(facts, role)
    return missing[0].state if missing else "administrator"
