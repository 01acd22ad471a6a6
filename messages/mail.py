"""Mail: what came back of an e-mail that a server had taken (RFC 3464), and what lifts the mark it left.

Who may say this decides who gets no mail: give the right to publish ``mail.#`` to the bounce reader alone (R61).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from messages.message import Email, Message, Moment, Prose

Permanence = Literal["permanent", "transient"]
MailStatus = Annotated[str, StringConstraints(pattern=r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$")]
"""An enhanced status code (RFC 3463): ``5.1.1`` is *no such mailbox*. The words beside it may be personal and stay out."""


class MailBounced(Message):
    """An e-mail came back: for good, or for now."""

    address: Email
    permanence: Permanence
    bounced_at: Moment | None = None
    status: MailStatus | None = None


class MailAddressRestored(Message):
    """An administrator knows that the address takes mail again."""

    address: Email
    actor: Email
    reason: Prose
