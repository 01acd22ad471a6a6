"""A sealed password becomes a hash, or is compared with one, before any transaction begins (R30, R31, R36–R38)."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.outcomes import Refuse
from handlers.rules.passwords import weaknesses
from handlers.secrets import SealBroken
from handlers.work import Programme
from messages.envelope import Envelope


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The hash to keep, and the one it was compared with (None: the account was not known)."""

    password_hash: str
    compared_with: str | None


@dataclass(frozen=True, slots=True)
class CheckedPassword:
    """Whether the password was right, and the hash it was compared with (None: nobody has the address)."""

    is_right: bool
    compared_with: str | None


def open_sealed(sealed: str, field: str, envelope: Envelope, programme: Programme) -> str | Refuse:
    """Return a secret in clear, for this call alone, or the refusal its sender gets."""
    try:
        return programme.vault.open(sealed, message_id=envelope.message_id)
    except SealBroken as broken:
        return Refuse(f"{field}_not_readable", f"The {field} {broken}.", field=field)


def open_and_judge(sealed: str, envelope: Envelope, programme: Programme) -> str | Refuse:
    """Return the password in clear, for this call alone, or the refusal its sender gets (R30)."""
    password = open_sealed(sealed, "password", envelope, programme)
    if isinstance(password, Refuse):
        return password
    lacks = weaknesses(password, programme.policy)
    if lacks:
        return Refuse("password_too_weak", f"The password lacks {', '.join(lacks)} (R30).", field="password")
    return password


def hashed(sealed: str, envelope: Envelope, programme: Programme) -> str | Refuse:
    """Return the argon2id hash of a sealed password, or the refusal its sender gets."""
    password = open_and_judge(sealed, envelope, programme)
    return password if isinstance(password, Refuse) else programme.vault.hash(password)


def renewed(sealed: str, present: str | None, envelope: Envelope, programme: Programme) -> NewPassword | Refuse:
    """Return the hash of a sealed password that will do (R30) and differs from the present one (R31), or the refusal."""
    password = open_and_judge(sealed, envelope, programme)
    if isinstance(password, Refuse):
        return password
    if present is not None and programme.vault.is_hash_of(present, password):
        return Refuse("password_unchanged", "The new password equals the previous one (R31).", field="password")
    return NewPassword(programme.vault.hash(password), compared_with=present)


def checked(sealed: str, present: str | None, envelope: Envelope, programme: Programme) -> CheckedPassword | Refuse:
    """Compare a sealed password with the present hash; without one it takes the same time and is wrong (R36)."""
    password = open_sealed(sealed, "password", envelope, programme)
    if isinstance(password, Refuse):
        return password
    return CheckedPassword(programme.vault.is_password_of(present, password), compared_with=present)
