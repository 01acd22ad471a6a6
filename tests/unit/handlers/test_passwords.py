"""What a password must have (R30)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.outcomes import Refuse
from handlers.passwords import hashed, open_and_judge
from handlers.rules.passwords import weaknesses
from handlers.rules.policy import Policy
from messages.envelope import Envelope
from tests.unit.handlers.bench import example_programme

POLICY = Policy()
ENVELOPE = Envelope("m1", "account.password_set", "portal", b"")
PROGRAMME = example_programme()

LACKS = {
    "length": "at least 8 characters",
    "upper": "an upper-case letter",
    "lower": "a lower-case letter",
    "symbol": "a symbol",
}


@pytest.mark.parametrize(
    ("password", "lacks"),
    [
        ("Abcdef1!", []),
        ("Abcdefg!", []),
        ("Abcde1!", ["length"]),
        ("abcdef1!", ["upper"]),
        ("ABCDEF1!", ["lower"]),
        ("Abcdefg1", ["symbol"]),
        ("Abc def 1", ["symbol"]),
        ("Ünïcödé?", []),
        ("Пароль-да", []),
        ("Abcdef1_", []),
        ("", ["length", "upper", "lower", "symbol"]),
        ("12345678", ["upper", "lower", "symbol"]),
        ("密码密码密码密码", ["upper", "lower", "symbol"]),
    ],
)
def test_r30_what_a_password_lacks_is_named(password: str, lacks: list[str]) -> None:
    """Each of the four requirements by itself; letters of any script count, a space is no symbol."""
    assert list(weaknesses(password, POLICY)) == [LACKS[one] for one in lacks]


def test_r30_the_length_is_the_programme_s() -> None:
    """A programme may ask for more."""
    assert weaknesses("Abcdef1!", Policy(password_length_min=12)) == ("at least 12 characters",)


@given(st.text(max_size=40))
def test_r30_adding_what_is_lacking_makes_it_do(password: str) -> None:
    """Whatever the password, with an upper-case, a lower-case letter, a symbol and length it will do."""
    assert weaknesses(password + "Aa-" + "x" * 8, POLICY) == ()


def test_r38_a_good_password_becomes_a_hash() -> None:
    """The hash is of this password and does not hold it."""
    sealed = PROGRAMME.vault.sealing_key.seal("Right-Horse", message_id="m1")
    result = hashed(sealed, ENVELOPE, PROGRAMME)
    assert isinstance(result, str)
    assert "Right-Horse" not in result
    assert PROGRAMME.vault.is_hash_of(result, "Right-Horse")


@pytest.mark.parametrize(
    ("sealed", "code"),
    [
        ("other." + "A" * 80, "password_not_readable"),
        ("k1." + "A" * 80, "password_not_readable"),
        (PROGRAMME.vault.sealing_key.seal("Right-Horse", message_id="m2"), "password_not_readable"),
        (PROGRAMME.vault.sealing_key.seal("Right", message_id="m1"), "password_too_weak"),
    ],
    ids=["unknown key", "damaged", "another message", "too weak"],
)
def test_r38_a_refusal_never_holds_the_password(sealed: str, code: str) -> None:
    """It names the field and the cause."""
    for refusal in (open_and_judge(sealed, ENVELOPE, PROGRAMME), hashed(sealed, ENVELOPE, PROGRAMME)):
        assert isinstance(refusal, Refuse)
        assert (refusal.code, refusal.field) == (code, "password")
        assert "Right" not in refusal.text
