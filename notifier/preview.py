"""A rendered e-mail taken apart again, to be looked at before anyone gets one."""

from __future__ import annotations

import email
import email.policy
import html
from dataclasses import dataclass

from notifier.render import Mail


@dataclass(frozen=True, slots=True)
class Preview:
    """What a reader sees: heads, and both bodies that a mail program chooses from."""

    sender: str
    to: str
    subject: str
    text: str
    html: str


def preview_of(mail: Mail) -> Preview:
    """The e-mail as its reader's program takes it apart."""
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    text, rich = message.get_body(("plain",)), message.get_body(("html",))
    return Preview(
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=text.get_content().replace("\r\n", "\n") if text is not None else "",
        html=rich.get_content().replace("\r\n", "\n") if rich is not None else "",
    )


def page_of(seen: Preview) -> str:
    """One page that shows heads, HTML and text; the HTML in a frame that may run nothing and load nothing."""
    heads = "".join(
        f"<p><b>{label}:</b> {html.escape(value)}</p>"
        for label, value in (("From", seen.sender), ("To", seen.to), ("Subject", seen.subject))
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(seen.subject)}</title>\n'
        "<style>body { font: 1rem sans-serif; margin: 2rem } p { margin: .2rem 0 }\n"
        "iframe { width: 100%; height: 45rem; border: 1px solid #999; margin: 1rem 0 } pre { white-space: pre-wrap }</style>\n"
        f'</head><body>{heads}\n<iframe sandbox title="HTML" srcdoc="{html.escape(seen.html)}"></iframe>\n'
        f"<pre>{html.escape(seen.text)}</pre></body></html>\n"
    )
