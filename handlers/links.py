"""Links that prove who holds a mailbox (R13, R22, R36): a random secret, of which only the hash is stored (R38).

The e-mail needs the secret in clear, and it leaves later, from the outbox. So it waits there sealed to the workers' own key,
and is opened when the e-mail is rendered, in memory only. The portal hands it back sealed, like a password.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from handlers.secrets import SealBroken, Vault
from messages.errors import Invalid

_BYTES = 32  # 256 bits: not to be guessed, whatever the rate
_SEALED_FOR = "link"


@dataclass(frozen=True, slots=True)
class Link:
    """A link just made: what goes into the notice's facts, and what is stored to know it again."""

    fact: dict[str, JsonValue] = field(repr=False)
    secret_hash: str


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link under a new id of its own, made before the transaction begins, whoever asks for it."""

    link_id: str
    link: Link


def new_link_with_id(vault: Vault, page: str) -> NewLink:
    """Make a link of which nothing is known beforehand; its id stands in its path."""
    link_id = secrets.token_hex(12)
    return NewLink(link_id, new_link(vault, f"{page}/{link_id}"))


def new_link(vault: Vault, path: str) -> Link:
    """Make a link to a page of the portal; the page gets the secret in the address's fragment, which no server logs."""
    secret = secrets.token_urlsafe(_BYTES)
    sealed = vault.sealing_key.seal(secret, message_id=_SEALED_FOR)
    return Link({"path": path, "sealed": sealed}, hash_of(secret))


def hash_of(secret: str) -> str:
    """Return what is stored of a link's secret; a plain hash will do, for the secret is as random as a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret_of(secret: str, secret_hash: str) -> bool:
    """Tell in constant time whether a secret is the one whose hash was stored."""
    return hmac.compare_digest(hash_of(secret), secret_hash)


def with_links_opened(facts: Mapping[str, JsonValue], vault: Vault) -> dict[str, JsonValue]:
    """Return the facts with every sealed link as the whole address that the e-mail shows.

    Raises:
        Invalid: the key that sealed it is gone; the e-mail cannot be written.
    """
    return {name: _opened(name, value, vault) for name, value in facts.items()}


def _opened(name: str, value: JsonValue, vault: Vault) -> JsonValue:
    if not isinstance(value, dict) or value.keys() != {"path", "sealed"}:
        return value
    try:
        return f"{value['path']}#{vault.open(str(value['sealed']), message_id=_SEALED_FOR)}"
    except SealBroken as broken:
        raise Invalid(f"The link {broken}.", field=f"facts.{name}") from None
