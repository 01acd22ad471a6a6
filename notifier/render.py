"""A notice becomes the bytes of an e-mail: the same notice, the same bytes, at each attempt."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from messages.errors import Misconfigured, UnknownKind
from notifier.address import mailbox
from notifier.catalogue import Template, catalogue
from notifier.compose import RENDERING_FAILS, Compiled, Composer
from notifier.facts import check_facts, one_line, without_optional
from notifier.mime import Attachment, body, named_mailbox, unstructured
from notifier.sender import Sender
from notifier.sources import Sources
from notifier.tables import tables_of
from notifier.wrap import shortened, wrapped

__all__ = ["Attachment", "Mail", "Notice", "Renderer", "Sender"]

_BLANK_LINES = re.compile(r"\n\s*\n+")


@dataclass(frozen=True, slots=True)
class Notice:
    """Someone is to be told something.

    Args:
        name: which template (``registration.received``).
        recipient: one address.
        key: unique per notice and occasion; with name and recipient it makes the Message-ID.
        facts: what the template declares, no more and no less.
        planned_at: when it was planned, aware; the Date of every attempt.
        attachments: texts sent along.

    """

    name: str
    recipient: str
    key: str
    facts: Mapping[str, object]
    planned_at: datetime
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        if self.planned_at.tzinfo is None:
            raise ValueError("planned_at must be aware")


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail to one mailbox, ready for the wire: CRLF lines, 7-bit save for an international address."""

    sender: str
    recipient: str
    message_id: str
    subject: str
    content: bytes = field(repr=False)


class Renderer:
    """Renders the catalogue's notices in the programme's name.

    Args:
        sender: who writes.
        overrides: a folder laid out like ``templates/`` whose files replace the package's; None for none.

    """

    def __init__(self, sender: Sender, overrides: Path | None = None) -> None:
        self._sender = sender
        self._templates = {template.name: template for template in catalogue()}
        self._compiled: dict[str, Compiled] = {}
        shown = (
            "contact_name",
            "contact_email",
            "contact_phone",
            "programme_name",
            "programme_short",
            "disclaimer",
            "language",
            "portal_url",
        )
        self._sources = Sources(overrides)
        self._composer = Composer(self._sources, **{name: getattr(sender, name) for name in shown})
        self._from = mailbox(sender.from_address)
        self._message_id_domain = sender.message_id_domain or self._from.rpartition("@")[2]
        self._list_domain = sender.list_id_domain or self._message_id_domain
        self._head = (
            f"From: {named_mailbox(sender.from_name, self._from)}\r\n"
            f"Reply-To: <{mailbox(sender.reply_to or sender.contact_email)}>\r\n"
            f"Auto-Submitted: auto-generated\r\nContent-Language: {sender.language}\r\n"
        )

    def template(self, name: str) -> Template:
        """The notice's entry in the catalogue.

        Raises:
            UnknownKind: there is no such notice.

        """
        if name not in self._templates:
            raise UnknownKind(f"there is no notice {one_line(name)[:60]}", field="name", code="unknown_notice")
        return self._templates[name]

    @property
    def urgent(self) -> frozenset[str]:
        """The notices that no rule about their recipient holds back."""
        return frozenset(template.name for template in self._templates.values() if template.urgent)

    def check(self) -> None:
        """Every notice compiles, and renders its sample with and without optional facts: run it at start.

        Raises:
            Misconfigured: some do not; tells file, line and reason of each, and of each file in the site's folder that
                replaces none.

        """
        wrong = dict.fromkeys(self._sources.useless())
        for name, template in self._templates.items():
            for facts in (template.sample, without_optional(template.facts, template.sample)):
                try:
                    self.preview(name, facts)
                except Misconfigured as error:
                    wrong[str(error)] = None
        if wrong:
            raise Misconfigured("These e-mail templates are wrong:\n  " + "\n  ".join(wrong))

    def preview(self, name: str, facts: Mapping[str, object] | None = None) -> Mail:
        """The notice as it looks with these facts, or with its sample's."""
        template = self.template(name)
        return self.render(
            Notice(
                name,
                "sample@example.org",
                "preview",
                template.sample if facts is None else facts,
                datetime(2026, 1, 2, 15, 0, tzinfo=UTC),
            )
        )

    def render(self, notice: Notice) -> Mail:
        """The notice as an e-mail, byte for byte the same whenever it is rendered.

        Raises:
            UnknownKind: there is no such notice.
            Invalid: a fact is missing, unknown or of the wrong shape; names it.
            RecipientRefused: the recipient can never be a mailbox.
            Misconfigured: the template itself is wrong.

        """
        template = self.template(notice.name)
        recipient = mailbox(notice.recipient)
        facts = check_facts(template.facts, notice.facts, portal_url=self._sender.portal_url)
        subject, text, html = self._fill(template, facts)
        attachments = (*tables_of(template.tables, notice.facts), *notice.attachments)
        digest = hashlib.sha256("\0".join((notice.name, notice.key, recipient)).encode("utf-8", "replace"))
        message_id = f"<{digest.hexdigest()[:40]}@{self._message_id_domain}>"
        list_id = f"List-Id: <{notice.name.replace('_', '-')}.{self._list_domain}>\r\n" if template.digest else ""
        content = (
            f"{self._head}To: <{recipient}>\r\nSubject: {unstructured(subject)}\r\n"
            f"Date: {format_datetime(notice.planned_at.astimezone(UTC))}\r\nMessage-ID: {message_id}\r\n"
            f"{list_id}X-PMP-Notice: {notice.name}\r\n{body(text, html, attachments, seed=message_id)}"
        )
        return Mail(self._from, recipient, message_id, subject, content.encode())

    def _fill(self, template: Template, facts: Mapping[str, object]) -> tuple[str, str, str]:
        compiled = self._compiled.get(template.name)
        if compiled is None:
            compiled = self._compiled[template.name] = self._composer.compile(template)
        try:
            subject = shortened(one_line(compiled.subject.render(facts)))
            text = compiled.text.render(facts, audience=template.audience)
            html = compiled.html.render(facts, audience=template.audience, subject=subject)
        except RENDERING_FAILS as error:
            fault = self._composer.fault(compiled, facts) or f"it fails: {type(error).__name__}"
            raise Misconfigured(fault) from error
        return subject, wrapped(text), _BLANK_LINES.sub("\n", html)
