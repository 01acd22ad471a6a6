"""Runs messages and sweeps through their real handlers, each in a transaction on a real SQLite file.

What they stage is written to the outbox, and every e-mail is rendered at once: a notice that does not exist, or facts that do
not fit it, fail the test that caused them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from handlers.links import with_links_opened
from handlers.outcomes import Done, Outcome, Refuse
from handlers.registry import Setting, handlers
from handlers.rules.policy import Policy
from handlers.secrets import Vault, new_private_key
from handlers.sweeps.sweep import ChoreSweep, Sweep, sweeps
from handlers.work import Leaving, Programme, Work
from messages.approval import (
    ApprovalAdminAuthorised,
    ApprovalAdministratorDecided,
    ApprovalAgencyListReceived,
    ApprovalDocumentJudged,
    ApprovalSupervisorDecided,
    Deficiency,
    ListedPerson,
)
from messages.codec import Limits, decode, encode
from messages.envelope import Envelope
from messages.message import Message
from messages.registration import (
    Applicant,
    Consent,
    DocumentName,
    RegistrationDocumentReceived,
    RegistrationEmailVerified,
    RegistrationSubmitted,
)
from notifier.render import Mail, Notice, Renderer
from store import inbox, outbox
from store.contract import Transaction
from store.outbox import Staged
from store.sqlite import SqliteStore, open_sqlite
from tests.sender import SENDER

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
PASSWORD = "Right-Horse"
DOCUMENTS: tuple[DocumentName, ...] = ("identity_form", "photo_id")
FORM = Applicant(
    first_name="Robin", last_name="Example", date_of_birth=date(1980, 1, 31), phone="860-555-0123",
    employer_name="Example Practice", employer_address="1 Example Street, Hartford, CT", agency_name="Example Police",
    badge_number="4711", csp_number="CSP.0012345", dea_number="AB1234563", npi="1234567893", license_number="PCT.0012345",
    institution_dea_number="AB1234563",
)  # fmt: skip
"""A form on which no role finds a field missing."""
OPTIONAL = frozenset(Applicant.model_fields) - {"first_name", "last_name"}


def example_programme(**numbers: Any) -> Programme:
    """A programme with a key of its own and a hash that costs a test nothing."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    vault = Vault({"k1": new_private_key()}, hasher=quick)
    return Programme(Policy(**numbers), vault, ("a@example.org", "b@example.org"), {"gateway": "files@example.org"})


@dataclass
class Bench:
    """A store, a programme and a clock in the test's hands. ``mails`` and ``events`` are what the last step staged."""

    store: SqliteStore
    programme: Programme
    now: datetime = NOW
    mails: list[Staged] = field(default_factory=list)
    events: list[Staged] = field(default_factory=list)
    written: list[Mail] = field(default_factory=list)
    """Every e-mail rendered so far."""
    links: dict[str, str] = field(default_factory=dict)
    """The secret of the last link that an e-mail held, by the link's path."""
    seq: int = 0
    _renderer: Renderer = field(default_factory=lambda: Renderer(SENDER))

    def seal(self, password: str, message_id: str | None = None) -> str:
        """The password as a portal seals it, for the next message unless another is named."""
        return self.programme.vault.sealing_key.seal(password, message_id=message_id or self.next_id)

    @property
    def next_id(self) -> str:
        """The id that the next message will have."""
        return f"m{self.seq + 1}"

    async def send(self, message: Message, *, sender: str = "portal", file_name: str = "") -> Outcome:
        """The message went the handlers' way: look, prepare, handle, stage; the outcome it came to."""
        body, content_type = encode(message)
        envelope = Envelope(self.next_id, message.kind, sender, body, content_type=content_type, file_name=file_name)
        self.seq += 1
        self.mails, self.events = [], []
        decoded = decode(envelope, Limits())
        prepared = await self._prepared(decoded, envelope)
        if isinstance(prepared, Refuse):
            return prepared
        leaving = Leaving(None)

        async def unit(tx: Transaction) -> Outcome:
            (leaving.seq,) = (await inbox.claim_all(tx, [envelope], self.now)).values()
            work: Work[Any, Any] = Work(
                decoded, prepared, envelope, leaving.seq, tx, self.now, self.now, self.programme, leaving
            )  # fmt: skip
            (outcome,) = await handlers()[message.kind].handle_all([work])
            await outbox.stage_all(tx, leaving.staged, self.now)
            return outcome

        outcome = await self.store.write(unit)
        self._note(leaving.staged)
        return outcome

    async def _prepared(self, message: Message, envelope: Envelope) -> object:
        handler = handlers()[message.kind]
        if handler.prepare is None:
            return None
        look = handler.look
        seen = None if look is None else await self.store.read(lambda tx: look(tx, message))
        return handler.prepare(message, Setting(envelope, self.programme, self.now, self.now, seen))

    async def sweep(self, on: date, name: str = "password_expiry") -> list[Staged]:
        """What the sweep for this local date wrote that was never written before; one at an interval runs now."""
        sweep = sweeps()[name]
        assert not isinstance(sweep, ChoreSweep)

        async def unit(tx: Transaction) -> list[Staged]:
            new = []
            pages = (
                sweep.notices(tx, on, self.programme)
                if isinstance(sweep, Sweep)
                else sweep.notices(tx, self.now, self.programme)
            )
            async for page in pages:
                new += [one for one in page if await outbox.stage_all(tx, [one], self.now)]
            return new

        new = await self.store.write(unit)
        self._note(new)
        return new

    def _note(self, staged: list[Staged]) -> None:
        self.mails = [one for one in staged if one.channel == "mail"]
        self.events = [one for one in staged if one.channel == "event"]
        for one in self.mails:
            assert one.key is not None
            facts = with_links_opened(json.loads(json.dumps(dict(one.facts))), self.programme.vault)
            self.links |= {
                path: secret for path, _, secret in (str(value).partition("#") for value in facts.values()) if secret
            }
            self.written.append(self._renderer.render(Notice(one.name, one.destination, one.key, facts, self.now)))

    @property
    def digest(self) -> dict[str, list[str]]:
        """The lines of the administrators' digest that was just written, by title."""
        sections = json.loads(json.dumps(self.mails[0].facts))["sections"]
        return {section["title"]: section["rows"] for section in sections}

    @property
    def told(self) -> list[tuple[str, str]]:
        """Notice and recipient of what the last step staged."""
        return [(one.name, one.destination) for one in self.mails]

    async def count(self, table: str) -> int:
        """How many rows stand in a table."""
        connection = await self.store._writer.execute(f"SELECT count(*) FROM {table}")
        rows = await connection.fetchall()
        return int(next(iter(rows))[0])

    async def change(self, statement: str) -> None:
        """What no message can do yet is done to the store directly."""
        await self.store._writer.execute(statement)

    def registration(
        self,
        name: str = "REG-1",
        *,
        email: str = "robin@example.org",
        role: str = "Pharmacist",
        supervisors: tuple[str, ...] = (),
        **form: Any,
    ) -> RegistrationSubmitted:
        """A registration that is accepted, sealed for the next message: the form holds what the role asks for, and ``form``."""
        known = self.programme.roles.find(role)
        others = OPTIONAL - set(known.fields) if known is not None else OPTIONAL
        return RegistrationSubmitted(
            registration_id=name,
            email=email,
            password=self.seal(PASSWORD),
            role=role,
            applicant=FORM.model_copy(update={**dict.fromkeys(others), **form}),
            consent=Consent(terms_version="2026-01", agreed_at=self.now),
            supervisors=supervisors,
        )

    async def register(self, name: str = "REG-1", **given: Any) -> None:
        """A registration is pending; the link to verify its address was sent. ``given`` as ``registration`` takes it."""
        assert isinstance(await self.send(self.registration(name, **given)), Done)

    def email_verified(self, name: str = "REG-1", *, secret: str | None = None) -> RegistrationEmailVerified:
        """What the portal says when the link of the registration's last e-mail, or another, is opened."""
        return RegistrationEmailVerified(registration_id=name, token=self.seal(secret or self.links[f"/verify/{name}"]))

    async def complete(self, name: str = "REG-1") -> None:
        """The address is verified, and both identity documents have arrived and are accepted."""
        assert isinstance(await self.send(self.email_verified(name)), Done)
        for document in DOCUMENTS:
            assert isinstance(await self.send(document_received(name, document)), Done)
            assert isinstance(await self.send(document_judged(name, document)), Done)

    async def open_account(
        self, name: str = "REG-1", *, email: str = "robin@example.org", role: str = "Pharmacist", **given: Any
    ) -> None:
        """An account is open the whole way through, its password set today. A delegate's supervisors approve."""
        await self.register(name, email=email, role=role, **given)
        await self.complete(name)
        for supervisor in given.get("supervisors", ()):
            approval = ApprovalSupervisorDecided(registration_id=name, supervisor=supervisor, decision="approve")
            assert isinstance(await self.send(approval), Done)
        if self.programme.roles.named(role).agency_list:
            assert isinstance(await self.send(agency_list(email, sent_on=self.today)), Done)
        if self.programme.roles.named(role).authorised:
            manager = ApprovalAdminAuthorised(registration_id=name, programme_manager="a@example.org")
            assert isinstance(await self.send(manager), Done)
        assert isinstance(await self.send(decision(name)), Done)

    @property
    def today(self) -> date:
        """The calendar day in the programme's time zone."""
        return self.programme.policy.local_date(self.now)


def decision(name: str = "REG-1", *, administrator: str = "a@example.org") -> ApprovalAdministratorDecided:
    """An administrator approves."""
    return ApprovalAdministratorDecided(registration_id=name, decision="approve", administrator=administrator)


def document_received(
    name: str, document: DocumentName, document_id: str | None = None
) -> RegistrationDocumentReceived:
    """A document has arrived, by default under the name of its sort."""
    return RegistrationDocumentReceived(
        registration_id=name, document_id=document_id or document, document=document, media_type="application/pdf",
        size_bytes=48_213, sha256="ab" * 32, location=f"documents/{name}/{document}.pdf", received_at=NOW,
    )  # fmt: skip


def document_judged(
    name: str, document_id: str, *deficiencies: Deficiency, administrator: str = "a@example.org"
) -> ApprovalDocumentJudged:
    """An administrator accepts a document, or names what it lacks."""
    return ApprovalDocumentJudged(
        registration_id=name, document_id=document_id, administrator=administrator,
        verdict="deficient" if deficiencies else "accepted", deficiencies=deficiencies,
    )  # fmt: skip


def agency_list(*emails: str, agency: str = "Example Police", sent_on: date) -> ApprovalAgencyListReceived:
    """The head of an agency names these people."""
    persons = tuple(ListedPerson(name="Somebody", email=email) for email in emails)
    return ApprovalAgencyListReceived(
        agency=agency, official_name="Chris Chief", official_title="Chief of Police", sent_on=sent_on, persons=persons,
        administrator="a@example.org",
    )  # fmt: skip


async def open_bench(path: Path, **numbers: Any) -> Bench:
    """A bench on an empty store."""
    store = await open_sqlite(path)
    try:
        await store.migrate()
    except BaseException:  # its threads would keep pytest from ending
        await store.close()
        raise
    return Bench(store, example_programme(**numbers))
