"""Who writes: the programme's name, address and contact, checked once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from messages.errors import Misconfigured, RecipientRefused
from notifier.address import mailbox
from notifier.facts import one_line

WARRANTY = (
    "The program does not warrant any report or information to be accurate or complete. Reports rest on what "
    "dispensers have submitted; verify any entry that matters with the pharmacy or prescriber concerned."
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: what every e-mail shows of the programme (R27: its contact and the disclaimer of R50).

    Raises:
        Misconfigured: an address cannot be one, or a text holds control characters; names the entry.

    """

    from_address: str
    from_name: str
    contact_name: str
    contact_email: str
    contact_phone: str
    programme_name: str
    programme_short: str
    portal_url: str
    reply_to: str | None = None
    disclaimer: str = WARRANTY
    language: str = "en"
    list_id_domain: str | None = None
    message_id_domain: str | None = None

    def __post_init__(self) -> None:
        for name in ("from_address", "contact_email", "reply_to"):
            value = getattr(self, name)
            try:
                if value is not None and not mailbox(value).isascii():
                    raise Misconfigured(f"sender.{name} must be an ASCII address")
            except RecipientRefused as error:
                raise Misconfigured(f"sender.{name}: {error.text}") from None
        for name in (
            "from_name",
            "contact_name",
            "contact_phone",
            "programme_name",
            "programme_short",
            "disclaimer",
        ):
            if one_line(getattr(self, name)) != getattr(self, name):
                raise Misconfigured(f"sender.{name} must be one line without control characters")
        for name in ("list_id_domain", "message_id_domain", "language"):
            if not re.fullmatch(r"[A-Za-z0-9.-]+", getattr(self, name) or "none"):
                raise Misconfigured(f"sender.{name} must be letters, digits, dots and hyphens")
        if not re.fullmatch(r"https?://[\x21-\x7e]+", self.portal_url):
            raise Misconfigured("sender.portal_url must be a web address")
