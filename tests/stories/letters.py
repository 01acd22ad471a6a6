"""What a person finds in the mailbox: letters as a mail program shows them, and the links in them."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.mail_sink import ReceivedMail

PORTAL = "https://portal.example.org"
_LINK = re.compile(re.escape(PORTAL) + r"/(?:verify|reset|confirm-address)/([A-Za-z0-9._:-]+)#([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail as its reader sees it, the text in one line however it is folded; ``files`` are attached, by name."""

    recipient: str
    subject: str
    text: str
    files: dict[str, str] = field(default_factory=dict)

    @property
    def link(self) -> tuple[str, str]:
        """The id and the secret of the link, as the portal's page gets them when it is followed."""
        (found,) = _LINK.findall(self.text)
        return found[0], found[1]


def opened(mail: ReceivedMail) -> Letter:
    """The letter in a mail that came over the wire; it has a plain text beside the HTML."""
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    files = {str(part.get_filename()): str(part.get_content()) for part in message.iter_attachments()}
    return Letter(mail.recipient, str(message["Subject"]), " ".join(str(text.get_content()).split()), files)
