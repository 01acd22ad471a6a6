"""Secrets are opened only by the workers, only for the message they were sealed for, and never shown (R38)."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import Literal

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from handlers.secrets import SealBroken, SealingKey, Vault, new_private_key
from messages.errors import Misconfigured
from tests.unit.handlers.bench import example_programme

SECRET = "Right-Horse-Battery"
OLD, NEW = new_private_key(), new_private_key()
VAULT = Vault({"new": NEW, "old": OLD})


@given(secret=st.text(max_size=60), message_id=st.text(min_size=1, max_size=60).filter(lambda text: "\0" not in text))
def test_r38_what_was_sealed_is_opened(secret: str, message_id: str) -> None:
    """Any text, for any message."""
    assert VAULT.open(VAULT.sealing_key.seal(secret, message_id=message_id), message_id=message_id) == secret


def test_r38_no_two_boxes_are_alike() -> None:
    """Nobody sees from outside that two people chose the same password."""
    key = VAULT.sealing_key
    assert key.seal(SECRET, message_id="m1") != key.seal(SECRET, message_id="m1")


def test_r38_the_first_key_seals_and_the_older_still_open() -> None:
    """A portal may go on with the former key for a while."""
    assert VAULT.sealing_key.key_id == "new"
    sealed = Vault({"old": OLD}).sealing_key.seal(SECRET, message_id="m1")
    assert VAULT.open(sealed, message_id="m1") == SECRET


def _damaged(sealed: str) -> str:
    key_id, _, text = sealed.partition(".")
    box = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    box[-1] ^= 1
    return f"{key_id}.{base64.urlsafe_b64encode(box).decode().rstrip('=')}"


SEALED = VAULT.sealing_key.seal(SECRET, message_id="m1")


@pytest.mark.parametrize(
    ("sealed", "why"),
    [
        (VAULT.sealing_key.seal(SECRET, message_id="m2"), "another message"),
        (Vault({"gone": new_private_key()}).sealing_key.seal(SECRET, message_id="m1"), "do not have"),
        (Vault({"new": new_private_key()}).sealing_key.seal(SECRET, message_id="m1"), "damaged"),
        (_damaged(SEALED), "damaged"),
        (SEALED[:-30], "damaged"),
        ("new.", "damaged"),
        ("new.A", "damaged"),
        ("no point at all", "do not have"),
        ("", "do not have"),
    ],
    ids=["another message", "unknown key", "other key", "damaged", "cut", "empty box", "no box", "no point", "empty"],
)
def test_r38_what_cannot_be_opened_says_why_and_not_what(sealed: str, why: str) -> None:
    """Wrong message, unknown key, damaged box: our own error, without what it holds or came from."""
    with pytest.raises(SealBroken) as caught:
        VAULT.open(sealed, message_id="m1")
    assert why in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.text(alphabet="ABCDEFabcdef0123-_=.", max_size=200))
def test_r38_any_text_is_opened_or_broken(text: str) -> None:
    """No box makes the vault fall over."""
    with pytest.raises(SealBroken):
        VAULT.open(f"new.{text}", message_id="m1")


def test_r38_a_key_does_not_show() -> None:
    """Neither the vault nor the sealing key shows its bytes when it is printed."""
    key = VAULT.sealing_key
    assert repr(key) == "SealingKey(key_id='new')"
    assert NEW.hex() not in repr(VAULT)


def test_without_a_key_nothing_is_sealed() -> None:
    """The sentence names the setting to mend."""
    with pytest.raises(Misconfigured, match="PMP_SEALING_KEYS"):
        _ = Vault({}).sealing_key


def test_a_portal_seals_with_the_public_key_alone() -> None:
    """What it was handed is enough to seal and not enough to open."""
    handed = SealingKey("new", VAULT.sealing_key.public_key)
    sealed = handed.seal(SECRET, message_id="m1")
    assert VAULT.open(sealed, message_id="m1") == SECRET
    with pytest.raises(SealBroken):
        Vault({"new": handed.public_key}).open(sealed, message_id="m1")


def test_a_hash_is_of_its_password_only() -> None:
    """Salted, so never twice the same; a text that is no hash is nobody's."""
    vault = example_programme().vault
    assert vault.hash(SECRET) != vault.hash(SECRET)
    assert vault.is_hash_of(vault.hash(SECRET), SECRET)
    assert not vault.is_hash_of(vault.hash(SECRET), SECRET + "!")
    assert not vault.is_hash_of("none", SECRET)
    assert Vault({}).hash(SECRET).startswith("$argon2id$")


class Pairs(PasswordHasher):
    """Hashes only when two do so at once, and knows how many did at most."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.partner, self.counting = Barrier(2, timeout=20), Lock()
        self.running = self.most = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        with self.counting:
            self.running += 1
            self.most = max(self.most, self.running)
        self.partner.wait()
        with self.counting:
            self.running -= 1
        self.partner.wait()
        return super().verify(hash, password)


def test_two_hashes_are_reckoned_at_once_and_never_more() -> None:
    """Each takes 64 MiB: whatever number of threads asks, the others wait for their turn."""
    hasher = Pairs()
    vault = Vault({"k1": new_private_key()}, hasher=hasher)
    hashed = hasher.hash(SECRET)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: vault.is_hash_of(hashed, SECRET), range(16)))
    assert hasher.most == 2


def test_r36_nobody_s_password_is_never_right() -> None:
    """Where there is no hash, another is tried in its place; not even its own password would do."""
    vault = example_programme().vault
    assert vault.is_password_of(vault.hash(SECRET), SECRET)
    assert not vault.is_password_of(vault.hash(SECRET), "another")
    assert not vault.is_password_of(None, SECRET)
    assert not vault.is_password_of(None, "")
