"""A mail server's answer means one outcome, decided by stage and code alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.replies import Stage, judged
from notifier.transport import Accepted, Misconfigured, Refused, Sent, Temporary, Unknown, plain_reply


@pytest.mark.parametrize(
    ("stage", "code", "outcome"),
    [
        (Stage.CONTENT, 250, Accepted("ok")),
        (Stage.CONTENT, 451, Temporary(451, "ok")),
        (Stage.CONTENT, 552, Refused(552, "ok")),
        (Stage.CONTENT, 554, Refused(554, "ok")),
        (Stage.CONTENT, 99, Unknown("the answer to the content was none SMTP knows")),
        (Stage.RECIPIENT, 421, Temporary(421, "ok")),
        (Stage.RECIPIENT, 450, Temporary(450, "ok")),
        (Stage.RECIPIENT, 550, Refused(550, "ok")),
        (
            Stage.DATA,
            250,
            Temporary(None, "the answer to the announcement of content (DATA) was none SMTP knows"),
        ),
        (Stage.DATA, 554, Refused(554, "ok")),
        (Stage.SENDER, 451, Temporary(451, "ok")),
        (Stage.SENDER, 552, Refused(552, "ok")),
        (Stage.SENDER, 550, Misconfigured("550 at the sender (MAIL): ok")),
        (Stage.CONNECT, 554, Misconfigured("554 at the connection: ok")),
        (Stage.CONNECT, 421, Temporary(421, "ok")),
    ],
)
def test_a_code_at_a_stage_is_one_outcome(stage: Stage, code: int, outcome: Sent) -> None:
    """5yz is the mail's fault only from the recipient on."""
    assert judged(stage, code, "ok") == outcome


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("code", [454, 530, 534, 535, 538])
def test_login_and_tls_are_our_fault_at_any_stage(stage: Stage, code: int) -> None:
    """The mailer pauses; no mail is given up for it."""
    assert isinstance(judged(stage, code, "x"), Misconfigured)


@given(st.sampled_from(list(Stage)), st.integers(min_value=-1, max_value=999))
def test_only_a_2yz_to_the_content_is_acceptance(stage: Stage, code: int) -> None:
    """Nothing else counts as sent, and nothing before the content is ever unknown."""
    outcome = judged(stage, code, "x")
    assert isinstance(outcome, Accepted) == (stage is Stage.CONTENT and 200 <= code < 300)
    assert stage is Stage.CONTENT or not isinstance(outcome, Unknown)


@given(st.text(max_size=400))
def test_a_stored_reply_is_short_and_plain(text: str) -> None:
    """No address, no control character, at most 200 characters."""
    stored = plain_reply(text + " <robin@example.org>: no such user")
    assert "robin@" not in stored
    assert len(stored) <= 200
    assert stored.isascii()
    assert stored.isprintable()
