"""A sealed password becomes a hash before any transaction begins (R30, R31, R38)."""

from __future__ import annotations

from handlers.outcomes import Refuse
from handlers.rules.passwords import weaknesses
from handlers.secrets import SealBroken
from handlers.work import Programme
from messages.envelope import Envelope


def open_and_judge(sealed: str, envelope: Envelope, programme: Programme) -> str | Refuse:
    """Return the password in clear, for this call alone, or the refusal its sender gets (R30)."""
    try:
        password = programme.vault.open(sealed, message_id=envelope.message_id)
    except SealBroken as broken:
        return Refuse("password_not_readable", f"The password {broken}.", field="password")
    lacks = weaknesses(password, programme.policy)
    if lacks:
        return Refuse("password_too_weak", f"The password lacks {', '.join(lacks)} (R30).", field="password")
    return password


def hashed(sealed: str, envelope: Envelope, programme: Programme) -> str | Refuse:
    """Return the argon2id hash of a sealed password, or the refusal its sender gets."""
    password = open_and_judge(sealed, envelope, programme)
    return password if isinstance(password, Refuse) else programme.vault.hash(password)
