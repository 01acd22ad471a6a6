"""Who may send what is data, held against every message (R61)."""

from __future__ import annotations

import pytest

from handlers.publishers import Publishers
from messages.envelope import Envelope
from messages.errors import Misconfigured, NotAuthorised
from messages.registry import kinds

PUBLISHERS = Publishers({"portal": ("registration.*", "ticket.opened"), "operator": ("*",)})


@pytest.mark.parametrize(
    ("user", "kind", "may"),
    [
        ("portal", "registration.submitted", True),
        ("portal", "ticket.opened", True),
        ("portal", "dispensation.file_submitted", False),
        ("portal", "registration", False),
        ("Portal", "ticket.opened", False),
        ("gateway", "ticket.opened", False),
        ("anonymous", "ticket.opened", False),
        ("app:portal", "ticket.opened", False),
        ("operator", "billing.unknown", True),
    ],
)
def test_r61_a_sender_may_send_what_the_table_says(user: str, kind: str, may: bool) -> None:
    """Nobody else anything; a kind that is not spoken is told so later."""
    envelope = Envelope("m1", kind, user, b"{}")
    if may:
        PUBLISHERS.check(envelope)
    else:
        with pytest.raises(NotAuthorised) as caught:
            PUBLISHERS.check(envelope)
        assert caught.value.field == "type"


def test_the_table_names_each_user_s_kinds() -> None:
    """What the broker's own permissions are made of."""
    assert "registration.submitted" in PUBLISHERS.kinds_of("portal")
    assert "account.password_set" not in PUBLISHERS.kinds_of("portal")
    assert PUBLISHERS.kinds_of("operator") == tuple(kinds())
    assert PUBLISHERS.kinds_of("nobody") == ()


@pytest.mark.parametrize(
    "table", [{"portal": ("registratoin.*",)}, {"app:portal": ("*",)}, {"anonymous": ("ticket.opened",)}]
)
def test_a_wrong_table_is_refused_at_start(table: dict[str, tuple[str, ...]]) -> None:
    """A slip of the pen would lock a portal out silently; an unchecked sender would let anyone in."""
    with pytest.raises(Misconfigured, match="PMP_PUBLISHERS"):
        Publishers(table)
