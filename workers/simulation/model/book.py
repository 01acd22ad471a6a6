"""What the model knows: who there is, what stands where, and which notices must exist."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from workers.simulation.model.calendar import local_day

Telling = tuple[date, str, str]
"""A notice that must exist: the local day, its name, its recipient."""

ADMINISTRATORS = ("chief@pmp.example.org", "deputy@pmp.example.org")
ON_CALL = "oncall@pmp.example.org"
MANAGER = "manager@pmp.example.org"
REPORTS_TO = {"gateway": ("files@gateway.example.org",)}
"""Who is told of a sender's files (R47); of others the administrators are."""

SPEAKS = {
    "portal": ("registration", "approval", "account", "credential", "delegate", "dispenser", "ticket", "conduct",
               "review", "patient", "mail"),
    "gateway": ("dispensation",),
    "chain": ("dispensation",),
    "stranger": (),
}  # fmt: skip
"""R61: the families that each sender may send."""


@dataclass(slots=True)
class Registration:
    """A registration as the applicant and the administrators see it."""

    registration_id: str
    email: str
    role: str
    password: str
    agency: str
    numbers: dict[str, str]
    supervisors: list[str]
    state: str
    since: date
    link_ends_at: datetime
    documents: dict[str, str] = field(default_factory=dict)
    """R4: the last of each name: received | accepted | deficient."""
    named: dict[str, str] = field(default_factory=dict)
    """Document id → which document it is."""
    is_verified: bool = False
    is_asked: bool = False
    is_authorised: bool = False
    reminded: set[tuple[date, int]] = field(default_factory=set)


@dataclass(slots=True)
class Account:
    """An account. ``causes`` are why it is suspended, each until a day or without end."""

    account_id: str
    email: str
    role: str
    password: str
    set_on: date
    numbers: dict[str, str]
    state: str = "active"
    causes: dict[str, date | None] = field(default_factory=dict)
    is_trained: bool = False
    expiry_told: set[date] = field(default_factory=set)

    @property
    def expires_on(self) -> date:
        """R32: E = D + 90."""
        return self.set_on + timedelta(days=90)

    @property
    def is_open(self) -> bool:
        """Whether it is neither revoked nor deactivated."""
        return self.state in ("active", "suspended")


@dataclass(slots=True)
class Book:
    """All of it. Parts of the model read and write here; nothing is ever computed ahead."""

    notices: Counter[Telling] = field(default_factory=Counter)
    registrations: dict[str, Registration] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    """Delegate and supervisor → asked | approved | refused | ended (R23)."""
    linked_on: dict[tuple[str, str], date] = field(default_factory=dict)
    """Delegate and supervisor → the day on which the link was approved last."""
    _once: set[str] = field(default_factory=set)

    def tell(self, at: datetime, notice: str, to: str, *, once: str = "") -> None:
        """A notice must exist; with ``once`` no second one of that occasion."""
        if once:
            occasion = f"{notice} {to.casefold()} {once}"
            if occasion in self._once:
                return
            self._once.add(occasion)
        self.notices[(local_day(at), notice, to)] += 1

    def tell_administrators(self, at: datetime, notice: str) -> None:
        """Each administrator must have it."""
        for one in ADMINISTRATORS:
            self.tell(at, notice, one)

    def by_address(self, address: str) -> Account | None:
        """The one open account of an address (R2)."""
        found = [one for one in self.accounts.values() if one.is_open and one.email.lower() == address.lower()]
        return found[0] if found else None

    def is_taken(self, address: str) -> bool:
        """Whether an address is linked to a pending registration or an open account (R2)."""
        pending = (one for one in self.registrations.values() if one.state not in ENDED)
        return self.by_address(address) is not None or any(one.email.lower() == address.lower() for one in pending)

    def is_administrator(self, address: str) -> bool:
        """Whether somebody decides as an administrator (R6, R10)."""
        account = self.by_address(address)
        is_admin = account is not None and account.role == "Admin" and account.state == "active"
        return address in ADMINISTRATORS or is_admin

    def may_supervise(self, address: str) -> bool:
        """R7: an active prescriber account."""
        account = self.by_address(address)
        return account is not None and account.state == "active" and account.role in PRESCRIBERS


ENDED = ("approved", "rejected", "withdrawn", "expired")
PRESCRIBERS = (
    "Physician (MD/DO)", "Nurse Practitioner/Clinical Nurse Specialist", "Dentist", "Physician Assistant", "Veterinarian"
)  # fmt: skip
DELEGATES = ("Prescriber Delegate – Licensed", "Prescriber Delegate – Unlicensed")
OFFICERS = ("State Police", "Medical Examiner")
DEPENDS_ON = {
    **dict.fromkeys(PRESCRIBERS, ("csp", "dea", "license")), "Pharmacist": ("license",), DELEGATES[0]: ("license",)
}  # fmt: skip
"""R21: the credentials without which an account rests."""
SHOWS_DOCUMENTS = (*PRESCRIBERS, "Pharmacist", *DELEGATES)
