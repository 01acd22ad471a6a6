"""Which part of the model hears what: one line a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from messages import account as a
from messages import approval as p
from messages import conduct as c
from messages import credential, delegate, dispensation, dispenser, mail, patient
from messages import registration as r
from messages import review as v
from messages import ticket as t
from messages.message import Message
from workers.simulation.model.access import Access
from workers.simulation.model.alerts import Alerts
from workers.simulation.model.help_desk import HelpDesk
from workers.simulation.model.inviting import Inviting
from workers.simulation.model.joining import Joining
from workers.simulation.model.links import Links
from workers.simulation.model.patients import Patients
from workers.simulation.model.reporting import Reporting
from workers.simulation.model.reviewing import Reviewing
from workers.simulation.model.standing import Standing
from workers.simulation.said import Said

Effect = Callable[[Said, Any], str]
"""What a message does; returns what becomes of it."""


@dataclass(slots=True)
class Bounces:
    """Addresses whose mail came back; whoever has one gets no mail that is not urgent."""

    marked: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)

    def bounced(self, message: mail.MailBounced) -> str:
        """For good: marked."""
        if message.permanence == "permanent":
            self.marked.add(message.address.lower())
            self.ever.add(message.address.lower())
        return "done"

    def restored(self, message: mail.MailAddressRestored) -> str:
        """The mark is lifted."""
        if message.address.lower() not in self.marked:
            return "refused"
        self.marked.discard(message.address.lower())
        return "done"


@dataclass(frozen=True, slots=True)
class Parts:
    """The model's parts; they share one book."""

    joining: Joining
    access: Access
    standing: Standing
    links: Links
    desk: HelpDesk
    reporting: Reporting
    patients: Patients
    reviewing: Reviewing
    alerts: Alerts
    inviting: Inviting
    bounces: Bounces

    def roster(self, said: Said, message: credential.CredentialRosterReceived) -> str:
        """R5, R21: who holds what, and who is to be invited."""
        self.inviting.heard(message)
        return self.standing.roster(said, message)


def effects(of: Parts) -> Mapping[type[Message], Effect]:
    """Return what each kind does."""
    return _of_people(of) | _of_accounts(of) | _of_the_desk(of) | _of_records(of)


def _of_people(of: Parts) -> dict[type[Message], Effect]:
    return {
        r.RegistrationSubmitted: of.joining.submitted,
        r.RegistrationEmailVerified: of.joining.verified,
        r.RegistrationVerificationRequested: of.joining.link_wanted,
        r.RegistrationDocumentReceived: of.joining.document,
        r.RegistrationInformationSupplied: of.joining.supplied,
        r.RegistrationWithdrawn: lambda _, message: of.joining.withdrawn(message),
        p.ApprovalDocumentJudged: of.joining.judged,
        p.ApprovalSupervisorDecided: of.joining.supervisor_decided,
        p.ApprovalAgencyListReceived: of.joining.listed,
        p.ApprovalTrainingCompleted: of.joining.trained_in_person,
        p.ApprovalAdminAuthorised: of.joining.authorised,
        p.ApprovalAdministratorDecided: of.joining.decided,
        delegate.DelegateLinked: of.links.linked,
        delegate.DelegateDecided: of.links.link_decided,
        delegate.DelegateUnlinked: of.links.unlinked,
        delegate.DelegateConfirmed: of.links.confirmed,
    }


def _of_accounts(of: Parts) -> dict[type[Message], Effect]:
    return {
        **dict.fromkeys((a.AccountLoginAttempted, a.AccountLoginSucceeded, a.AccountLoginFailed), of.access.login),
        a.AccountPasswordSet: of.access.password_set,
        a.AccountPasswordResetRequested: of.access.reset_wanted,
        a.AccountPasswordReset: lambda said, _: of.access.reset(said),
        a.AccountEmailChangeRequested: of.access.address_change,
        a.AccountEmailChangeConfirmed: lambda said, _: of.access.address_confirmed(said),
        a.AccountTermsPublished: lambda _, message: of.access.terms_published(message),
        a.AccountTermsAccepted: lambda _, message: of.access.terms_accepted(message),
        a.AccountProfileChanged: lambda _, message: of.standing.profile(message),
        a.AccountEligibilityKept: lambda _, message: of.standing.kept(message),
        a.AccountSuspended: of.standing.suspended,
        a.AccountRevoked: of.standing.closed,
        a.AccountDeactivated: of.standing.closed,
        a.AccountReinstated: of.standing.reinstated,
        credential.CredentialChanged: of.standing.credential,
        credential.CredentialRosterReceived: of.roster,
    }


def _of_the_desk(of: Parts) -> dict[type[Message], Effect]:
    steps = (
        t.TicketAnswered, t.TicketAssigned, t.TicketEscalated, t.TicketRecategorised, t.TicketResolved, t.TicketClosed,
        t.TicketReopened, t.TicketReplyReceived,
    )  # fmt: skip
    case_steps = (c.ConductReferred, c.ConductNoted, c.ConductOutcomeRecorded)
    return {
        t.TicketOpened: lambda said, message: of.desk.opened(said.at, message),
        **dict.fromkeys(steps, lambda said, message: of.desk.step(said.at, message)),
        c.ConductReported: lambda said, message: of.desk.reported(said.at, message),
        **dict.fromkeys(case_steps, lambda said, message: of.desk.case_step(said.at, message)),
        mail.MailBounced: lambda _, message: of.bounces.bounced(message),
        mail.MailAddressRestored: lambda _, message: of.bounces.restored(message),
    }


def _of_records(of: Parts) -> dict[type[Message], Effect]:
    return {
        dispenser.DispenserRegistered: lambda said, message: of.reporting.registered(said.at, message),
        dispenser.DispenserExemptionDeclared: lambda said, message: of.reporting.changed(said.at, message),
        dispenser.DispenserExemptionEnded: lambda said, message: of.reporting.changed(said.at, message),
        dispenser.DispenserClosed: lambda said, message: of.reporting.changed(said.at, message),
        dispensation.DispensationFileSubmitted: lambda said, _: of.reporting.submitted(said),
        dispensation.DispensationRecordsSubmitted: lambda said, _: of.reporting.submitted(said),
        dispensation.DispensationRecordSubmitted: lambda said, _: of.reporting.one_record(said),
        v.ReviewRecorded: of.reviewing.recorded,
        v.ReviewRequested: of.reviewing.requested,
        v.ReviewCaseOpened: lambda _, message: of.reviewing.case_opened(message),
        v.ReviewCaseClosed: lambda _, message: of.reviewing.case_closed(message),
        patient.PatientMerged: of.patients.merged,
        patient.PatientSplit: of.patients.split,
        patient.PatientAlertPosted: of.reviewing.alert_posted,
        patient.PatientAlertWithdrawn: lambda _, message: of.reviewing.alert_withdrawn(message),
    }
