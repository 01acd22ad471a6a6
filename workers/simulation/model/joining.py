"""How a registration goes, once more and slowly (R1–R14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from messages.approval import (
    ApprovalAdminAuthorised,
    ApprovalAdministratorDecided,
    ApprovalAgencyListReceived,
    ApprovalDocumentJudged,
    ApprovalSupervisorDecided,
    ApprovalTrainingCompleted,
)
from messages.registration import (
    RegistrationDocumentReceived,
    RegistrationEmailVerified,
    RegistrationInformationSupplied,
    RegistrationSubmitted,
    RegistrationVerificationRequested,
    RegistrationWithdrawn,
)
from workers.simulation.model.book import (
    DELEGATES,
    ENDED,
    MANAGER,
    OFFICERS,
    SHOWS_DOCUMENTS,
    Account,
    Book,
    Registration,
)
from workers.simulation.model.calendar import local_day
from workers.simulation.model.forms import is_complete, is_strong
from workers.simulation.said import Said

PAPERS = ("identity_form", "photo_id")
OURS = ("authorisation", "administrator")
"""R11: where the programme must act, so that no reminder goes out (R12)."""


@dataclass(slots=True)
class Joining:
    """Registrations and what is decided on them. Each function returns what becomes of the message."""

    book: Book
    lists: dict[str, frozenset[str]] = field(default_factory=dict)
    trained: set[str] = field(default_factory=set)

    def submitted(self, said: Said, message: RegistrationSubmitted) -> str:
        """R1–R3, R7, R13: received, and the address is to be verified."""
        form, email = message.applicant, message.email
        is_delegate = message.role in DELEGATES
        if not is_strong(said.password) or message.registration_id in self.book.registrations:
            return "refused"
        if self.book.is_taken(email) or not is_complete(form, message.role):
            return "refused"
        if is_delegate != bool(message.supervisors) or not all(map(self.book.may_supervise, message.supervisors)):
            return "refused"
        given = {"csp": form.csp_number, "dea": form.dea_number, "license": form.license_number}
        numbers = {name: number for name, number in given.items() if number}
        supervisors = [account.account_id for one in message.supervisors if (account := self.book.by_address(one))]
        self.book.registrations[message.registration_id] = Registration(
            message.registration_id, email, message.role, said.password, form.agency_name or "", numbers, supervisors,
            "email_verification", local_day(said.at), said.at + timedelta(hours=48),
        )  # fmt: skip
        for one in supervisors:
            self.book.links[(message.registration_id, one)] = "asked"
        self.book.tell(said.at, "registration.received", email)
        self.book.tell(said.at, "registration.email_verification", email)
        return "done"

    def verified(self, said: Said, message: RegistrationEmailVerified) -> str:
        """R13: the newest link, within two days; then supervisors are asked (R7)."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        if one.is_verified or one.state in ENDED or said.link != "newest" or said.at >= one.link_ends_at:
            return "refused"
        one.is_verified = True
        self._go_on(said.at, one)
        self._ask(said.at, one, one.supervisors)
        return "done"

    def link_wanted(self, said: Said, message: RegistrationVerificationRequested) -> str:
        """R13: a new link."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        if one.is_verified or one.state in ENDED:
            return "refused"
        one.link_ends_at = said.at + timedelta(hours=48)
        self.book.tell(said.at, "registration.email_verification", one.email)
        return "done"

    def document(self, said: Said, message: RegistrationDocumentReceived) -> str:
        """R4: of each sort the last one counts."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        if one.state in ENDED or message.document_id in one.named:
            return "refused"
        one.named[message.document_id] = message.document
        one.documents[message.document] = "received"
        self._go_on(said.at, one)
        return "done"

    def judged(self, said: Said, message: ApprovalDocumentJudged) -> str:
        """R4, R14: accepted, or deficient and the applicant told."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        is_known = message.document_id in one.named
        if one.state in ENDED or not one.is_verified or not is_known or not self._decides(one, message.administrator):
            return "refused"
        one.documents[one.named[message.document_id]] = message.verdict
        self._go_on(said.at, one, asked=message.verdict == "deficient")
        return "done"

    def supplied(self, said: Said, message: RegistrationInformationSupplied) -> str:
        """R6, R7: answered, or another supervisor named."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        is_answer = message.answer is not None or message.applicant is not None
        if one.state in ENDED or (is_answer and one.state != "information"):
            return "refused"
        if message.supervisors and one.role not in DELEGATES:
            return "refused"
        if not all(map(self.book.may_supervise, message.supervisors)):
            return "refused"
        one.is_asked = one.is_asked and not is_answer
        found = [account.account_id for other in message.supervisors if (account := self.book.by_address(other))]
        fresh = [other for other in found if self.book.links.get((one.registration_id, other)) not in _STANDING]
        for other in fresh:
            self.book.links[(one.registration_id, other)] = "asked"
        self._go_on(said.at, one)
        if one.is_verified:
            self._ask(said.at, one, fresh)
        return "done"

    def withdrawn(self, message: RegistrationWithdrawn) -> str:
        """R2: the address is free again."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        return "refused" if one.state in ENDED else self._end(one, "withdrawn")

    def supervisor_decided(self, said: Said, message: ApprovalSupervisorDecided) -> str:
        """R7: one approval is enough; when none is left, the delegate hears."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        supervisor = self.book.by_address(message.supervisor)
        if one.state in ENDED and one.state != "approved":
            return "refused"
        if supervisor is None or not self.book.may_supervise(message.supervisor):
            return "refused"
        place = (one.registration_id, supervisor.account_id)
        if self.book.links.get(place) != "asked":
            return "refused"
        self.book.links[place] = "approved" if message.decision == "approve" else "refused"
        self.book.linked_on[place] = local_day(said.at)
        if one.state == "approved":
            self.book.tell(said.at, "delegate.link_decided", self.book.accounts[one.registration_id].email)
            return "done"
        is_any_left = any(self.book.links[(one.registration_id, other)] in _STANDING for other in self._named(one))
        self._go_on(said.at, one, asked=not is_any_left)
        if not is_any_left:
            self.book.tell(said.at, "registration.supervisors_refused", one.email)
        return "done"

    def listed(self, said: Said, message: ApprovalAgencyListReceived) -> str:
        """R8: an agency's list replaces its former one."""
        if not self.book.is_administrator(message.administrator):
            return "refused"
        self.lists[message.agency] = frozenset(person.email for person in message.persons)
        for one in self.book.registrations.values():
            if one.agency == message.agency and one.state not in ENDED:
                self._go_on(said.at, one)
        return "done"

    def trained_in_person(self, said: Said, message: ApprovalTrainingCompleted) -> str:
        """R8: full access, once."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        if (one.state in ENDED and one.state != "approved") or not self._decides(one, message.administrator):
            return "refused"
        if one.registration_id in self.trained:
            return "refused"
        self.trained.add(one.registration_id)
        if one.state == "approved":
            self.book.tell(said.at, "registration.full_access", self.book.accounts[one.registration_id].email)
        return "done"

    def authorised(self, said: Said, message: ApprovalAdminAuthorised) -> str:
        """R10: the programme manager's word."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        if one.state in ENDED or one.role != "Admin" or message.programme_manager != MANAGER:
            return "refused"
        one.is_authorised = True
        self._go_on(said.at, one)
        return "done"

    def decided(self, said: Said, message: ApprovalAdministratorDecided) -> str:
        """R6: approved, rejected, or asked for more."""
        one = self.book.registrations.get(message.registration_id)
        if one is None:
            return "waiting"
        if one.state in ENDED or not one.is_verified or not self._decides(one, message.administrator):
            return "refused"
        if message.decision == "want_information":
            one.is_asked = True
            self._go_on(said.at, one, asked=True)
            self.book.tell(said.at, "registration.information_wanted", one.email)
            return "done"
        if message.decision == "reject":
            self.book.tell(said.at, "registration.rejected", one.email)
            return self._end(one, "rejected")
        is_judged = one.role not in SHOWS_DOCUMENTS or all(one.documents.get(name) == "accepted" for name in PAPERS)
        if self._standing(one) != "administrator" or not is_judged:
            return "refused"
        one.state = "approved"
        self.book.accounts[one.registration_id] = Account(
            one.registration_id, one.email, one.role, one.password, local_day(said.at), one.numbers
        )
        self.book.tell(said.at, "registration.approved", one.email)
        return "done"

    def morning(self, at: datetime) -> None:
        """R12: reminded after 7 and 14 days of waiting on somebody outside, expired after 30."""
        for one in self.book.registrations.values():
            if one.state in ENDED:
                continue
            state = self._standing(one)
            if state != one.state:
                one.state, one.since = state, local_day(at)
                continue
            days = (local_day(at) - one.since).days
            if one.state in OURS:
                continue
            if days >= 30:
                self.book.tell(at, "registration.expired", one.email)
                self._end(one, "expired")
            elif days >= 7:
                number = 14 if days >= 14 else 7
                if (one.since, number) not in one.reminded:
                    one.reminded.add((one.since, number))
                    self.book.tell(at, "registration.reminder", one.email)

    def _end(self, one: Registration, state: str) -> str:
        one.state = state
        for other in self._named(one):
            if self.book.links[(one.registration_id, other)] in _STANDING:
                self.book.links[(one.registration_id, other)] = "ended"
        return "done"

    def _named(self, one: Registration) -> Sequence[str]:
        return [supervisor for delegate, supervisor in self.book.links if delegate == one.registration_id]

    def _decides(self, one: Registration, administrator: str) -> bool:
        return self.book.is_administrator(administrator) and administrator.lower() != one.email.lower()

    def _ask(self, at: datetime, one: Registration, supervisors: Sequence[str]) -> None:
        asked = [other for other in supervisors if self.book.links[(one.registration_id, other)] == "asked"]
        for other in asked:
            self.book.tell(at, "registration.supervisor_asked", self.book.accounts[other].email)
        if asked:
            self.book.tell(at, "registration.waits_for_supervisor", one.email)

    def _go_on(self, at: datetime, one: Registration, *, asked: bool = False) -> None:
        state = self._standing(one)
        is_new = state != one.state
        if is_new or (asked and state not in OURS):
            one.since = local_day(at)
        one.state = state
        if state == "documents" and (is_new or asked):
            self.book.tell(at, "registration.documents_wanted", one.email)

    def _standing(self, one: Registration) -> str:
        """What the registration waits for first: R13, R6, R4, R7, R8, R10."""
        approvals = [
            other
            for other in self._named(one)
            if self.book.links[(one.registration_id, other)] == "approved"
            and self.book.accounts[other].state == "active"
        ]
        is_listed = one.email in self.lists.get(one.agency, ())
        if not one.is_verified:
            return "email_verification"
        if one.is_asked:
            return "information"
        if one.role in SHOWS_DOCUMENTS and any(one.documents.get(n) in (None, "deficient") for n in PAPERS):
            return "documents"
        if one.role in DELEGATES and not approvals:
            return "supervisor"
        if one.role in OFFICERS and not is_listed:
            return "agency_list"
        return "authorisation" if one.role == "Admin" and not one.is_authorised else "administrator"


_STANDING = ("asked", "approved")
