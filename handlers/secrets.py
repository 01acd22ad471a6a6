"""Secrets travel sealed and rest hashed (R38): libsodium sealed boxes on the way, argon2id in the store."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from messages.errors import Misconfigured

_HASHED_AT_ONCE = (
    2  # each takes 64 MiB: a storm of logins must not take the machine's memory, whatever threads there are
)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The workers' public key, by which anyone can seal and only the workers can open."""

    key_id: str
    public_key: bytes = field(repr=False)

    def seal(self, secret: str, *, message_id: str) -> str:
        """Seal a secret for one message: it cannot be opened, nor moved into another message."""
        box = SealedBox(PublicKey(self.public_key)).encrypt(f"{message_id}\0{secret}".encode())
        return f"{self.key_id}.{base64.urlsafe_b64encode(box).decode().rstrip('=')}"


class SealBroken(ValueError):
    """A sealed secret cannot be opened; says why, never what was inside."""


class Vault:
    """Opens what was sealed to the workers' keys, and hashes passwords. The first key seals; older ones still open."""

    def __init__(self, private_keys: Mapping[str, bytes], *, hasher: PasswordHasher | None = None) -> None:
        self._keys = {key_id: PrivateKey(key) for key_id, key in private_keys.items()}
        self._hasher = hasher or PasswordHasher()
        self._turns = BoundedSemaphore(_HASHED_AT_ONCE)
        self._nobodys_hash: str | None = None
        self._making_nobodys_hash = Lock()

    @property
    def sealing_key(self) -> SealingKey:
        """The public half of the newest key, to be handed to portals."""
        for key_id, key in self._keys.items():
            return SealingKey(key_id, bytes(key.public_key))
        raise Misconfigured("No sealing key is set (PMP_SEALING_KEYS); `pmp keys new` makes one.")

    def open(self, sealed: str, *, message_id: str) -> str:
        """Return the secret that was sealed for this message.

        Raises:
            SealBroken: unknown key, damaged box, or sealed for another message.
        """
        key_id, _, text = sealed.partition(".")
        key = self._keys.get(key_id)
        if key is None:
            raise SealBroken("is sealed to a key that the workers do not have")
        try:
            opened = SealedBox(key).decrypt(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).decode()
        except (CryptoError, ValueError):
            raise SealBroken("cannot be opened: the sealed box is damaged") from None
        sealed_for, _, secret = opened.partition("\0")
        if sealed_for != message_id:
            raise SealBroken("was sealed for another message")
        return secret

    def hash(self, password: str) -> str:
        """Return the argon2id hash; takes about a tenth of a second, so never on the event loop."""
        with self._turns:
            return self._hasher.hash(password)

    def is_hash_of(self, hashed: str, password: str) -> bool:
        """Tell in constant time whether the password has this hash; as slow as hashing."""
        try:
            with self._turns:
                return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def is_password_of(self, hashed: str | None, password: str) -> bool:
        """Tell whether the password has this hash; where there is none, nobody's is tried in its place, as slowly (R36)."""
        with self._making_nobodys_hash:
            if self._nobodys_hash is None:  # made at the first login, whoever it is, so that it tells nothing
                self._nobodys_hash = self.hash(secrets.token_urlsafe(32))
            nobodys = self._nobodys_hash
        return self.is_hash_of(nobodys if hashed is None else hashed, password) and hashed is not None


def rehearsal_vault(private_keys: Mapping[str, bytes]) -> Vault:
    """A vault that hashes in no time: for a month of made-up passwords in a minute, never for a person's."""
    return Vault(private_keys, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def new_private_key() -> bytes:
    """Make a key to which secrets can be sealed."""
    return bytes(PrivateKey.generate())
