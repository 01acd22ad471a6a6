"""Who writes, in which language, and where answers go are settings (R27, R50)."""

from __future__ import annotations

import email
import email.policy

import pytest

from messages.errors import Misconfigured
from workers.bootstrap import renderer_of
from workers.settings import load_settings


def test_an_e_mail_shows_what_the_site_has_set() -> None:
    """Sender, reply address, language, domain and disclaimer; what is not set is what it was."""
    settings = load_settings(
        mail_from="pmp@state.example.org", mail_reply_to="answers@state.example.org", mail_language="es",
        mail_domain="mail.example.org", disclaimer="Without warranty.",
    )  # fmt: skip
    shown = email.message_from_bytes(
        renderer_of(settings).preview("administrators.digest").content, policy=email.policy.default
    )
    assert shown["From"].addresses[0].addr_spec == "pmp@state.example.org"
    assert shown["Reply-To"].addresses[0].addr_spec == "answers@state.example.org"
    assert (shown["Content-Language"], shown["Auto-Submitted"]) == ("es", "auto-generated")
    assert shown["Message-ID"].endswith("@mail.example.org>")
    assert shown["List-Id"] == "<administrators.digest.mail.example.org>"
    text = shown.get_body(("plain",))
    assert text is not None
    assert "Without warranty." in text.get_content()


def test_by_default_answers_reach_the_contact() -> None:
    """And the disclaimer is the programme's own."""
    shown = email.message_from_bytes(renderer_of(load_settings()).preview("ticket.opened").content)
    assert shown["Reply-To"] == "<pmp@example.org>"
    assert b"does not warrant" in shown.as_bytes()


@pytest.mark.parametrize("wrong", [{"mail_language": "e n"}, {"mail_reply_to": "nobody"}, {"disclaimer": "two\nlines"}])
def test_a_sender_that_cannot_be_is_refused_at_start(wrong: dict[str, str]) -> None:
    """Not at the first e-mail."""
    with pytest.raises(Misconfigured):
        renderer_of(load_settings(**wrong))
