"""Links prove who holds a mailbox, and their secret stands in clear in the e-mail alone (R36, R38)."""

from __future__ import annotations

import json

import pytest

from handlers.links import hash_of, is_secret_of, new_link, with_links_opened
from handlers.secrets import Vault, new_private_key
from messages.errors import Invalid


def test_r38_the_secret_waits_sealed_and_is_shown_when_rendered() -> None:
    """Neither the facts nor the stored hash tell it."""
    vault = Vault({"k1": new_private_key()})
    link = new_link(vault, "/verify")
    opened = with_links_opened({"name": "Robin", "link": link.fact}, vault)
    path, _, secret = str(opened["link"]).partition("#")
    assert (opened["name"], path) == ("Robin", "/verify")
    assert len(secret) == 43
    assert is_secret_of(secret, link.secret_hash)
    assert secret not in json.dumps(link.fact)
    assert secret not in link.secret_hash
    assert secret not in repr(link)


def test_another_secret_is_not_it() -> None:
    """Every link has one of its own."""
    vault = Vault({"k1": new_private_key()})
    assert new_link(vault, "/verify").secret_hash != new_link(vault, "/verify").secret_hash
    assert not is_secret_of("another", hash_of("one"))


def test_a_lost_key_is_told_without_the_secret() -> None:
    """The e-mail cannot be written; the fact is named."""
    link = new_link(Vault({"k1": new_private_key()}), "/verify")
    with pytest.raises(Invalid, match="link") as caught:
        with_links_opened({"link": link.fact}, Vault({"k2": new_private_key()}))
    assert caught.value.field == "facts.link"
