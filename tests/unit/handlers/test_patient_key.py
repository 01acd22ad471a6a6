"""One person has one key, however a name is written; two persons have two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.rules.patients import Person, key_and_part, part_of, patient_key

ROBIN = Person("O'Brien-Sånchez", "Robin", "1980-01-31", "F", "06103")


def _named(last_name: str, first_name: str) -> str:
    return patient_key(replace(ROBIN, last_name=last_name, first_name=first_name))


@pytest.mark.parametrize(
    ("last_name", "first_name"),
    [
        pytest.param("O'BRIEN-SÅNCHEZ", "ROBIN", id="capitals"),
        pytest.param("o'brien-sånchez", "robin", id="small letters"),
        pytest.param("O’Brien-Sånchez", "Robin", id="typographic apostrophe"),
        pytest.param("OBrien Sanchez", "Robin", id="without apostrophe, hyphen, accent"),
        pytest.param("O Brien Sanchez", "Robin", id="apostrophe as a space"),
        pytest.param("O'Brien  -  Sanchez", " Robin ", id="double spaces"),
        pytest.param("OBRIENSANCHEZ", "ROBIN", id="all in one"),
        pytest.param("O'Brien-Sa\u030anchez", "Robin", id="a combining accent"),
        pytest.param("O'Brien-Sanchez Jr.", "Robin", id="suffix with a point"),
        pytest.param("O'Brien-Sanchez, III", "Robin", id="suffix behind a comma"),
        pytest.param("O'Brien-Sanchez SR", "Robin", id="suffix"),
        pytest.param("O'Brien-Sanchez", "Robin J.", id="middle initial"),
        pytest.param("O'Brien-Sanchez", "J Robin", id="leading initial"),
        pytest.param("Robin", "O'Brien-Sanchez", id="names in each other's place"),
        pytest.param("Robin J", "O'Brien-Sanchez Jr", id="in each other's place with initial and suffix"),
    ],
)
def test_one_person_has_one_key(last_name: str, first_name: str) -> None:
    """What people and programs do to a name on its way does not make another patient."""
    assert _named(last_name, first_name) == patient_key(ROBIN)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(ROBIN, last_name="O'Brien"), id="half of the name"),
        pytest.param(replace(ROBIN, first_name="Robyn"), id="another spelling"),
        pytest.param(replace(ROBIN, first_name="Robin James"), id="a middle name written out"),
        pytest.param(replace(ROBIN, first_name=""), id="no first name"),
        pytest.param(replace(ROBIN, last_name=""), id="no last name"),
        pytest.param(replace(ROBIN, born_on="1980-01-30"), id="another birth date"),
        pytest.param(replace(ROBIN, gender="M"), id="another sex"),
        pytest.param(replace(ROBIN, gender="U"), id="sex not known"),
        pytest.param(replace(ROBIN, species="02"), id="an animal under its owner's name"),
    ],
)
def test_another_person_has_another_key(other: Person) -> None:
    """Nothing is guessed: what differs stays apart until somebody merges it."""
    assert patient_key(other) != patient_key(ROBIN)


def test_the_zip_code_counts_where_the_sex_is_not_known() -> None:
    """A move makes no other patient of one whose sex is known; the ZIP code's extension never counts."""
    assert patient_key(replace(ROBIN, zip="06511")) == patient_key(ROBIN)
    unknown = replace(ROBIN, gender="U")
    assert patient_key(replace(unknown, zip="06103-1234")) == patient_key(unknown)
    assert patient_key(replace(unknown, zip="06511")) != patient_key(unknown)
    assert patient_key(replace(unknown, zip="")) != patient_key(unknown)


@pytest.mark.parametrize(
    ("one", "other"), [("Søren", "Soren"), ("Łukasz", "LUKASZ"), ("Weiß", "WEISS"), ("Æsa", "Aesa")]
)
def test_letters_that_have_no_accent_to_take_off(one: str, other: str) -> None:
    """Letters of other alphabets of Europe are written as a keyboard without them writes them."""
    assert _named(one, "Kim") == _named(other, "Kim")


def test_names_without_letters_or_of_suffixes_alone_stay_apart() -> None:
    """A placeholder is not nothing, and what is only a suffix is a name."""
    assert len({_named(name, "Kim") for name in ("", "-", "?", "Jr", "Sr", "O", "X", "李", "Иванов")}) == 9


def test_the_key_says_nothing_by_itself() -> None:
    """No part of a name or a date can be read in it."""
    key = patient_key(ROBIN)
    assert len(key) == 32
    assert set(key) <= set("0123456789abcdef")


def test_persons_of_one_key_are_told_apart_by_the_zip_code() -> None:
    """However it is written, its extension left out; a missing one is another's, and nothing of it can be read."""
    key = patient_key(ROBIN)
    assert {part_of(key, zip_code) for zip_code in ("06103", "06103-1234", " 061031234 ")} == {part_of(key, "06103")}
    assert part_of(key, "K1A 0B1") == part_of(key, "k1a0b1")
    parts = {part_of(key, zip_code) for zip_code in ("06103", "06511", "")}
    assert len(parts) == 3
    assert all(key_and_part(key + part) == (key, part) and len(part) == 8 for part in parts)
    assert key_and_part(key) == (key, "")


def test_where_one_name_ends_and_another_begins_matters() -> None:
    """Ann Marsh is not Annm Arsh."""
    assert _named("Marsh", "Ann") != _named("Arsh", "Annm")


_NOT_A_NAME = frozenset("jr sr ii iii iv esq md phd junior senior".split())
_WORD = st.text("abcdefghijklmnopqrstuvwxyzåéîõüñç", min_size=2, max_size=12).filter(
    lambda word: word not in _NOT_A_NAME
)
_WRITTEN = st.sampled_from([str.upper, str.lower, str.title, lambda name: f" {name.replace('-', '  ')}. "])


@given(st.lists(_WORD, min_size=1, max_size=3), st.lists(_WORD, min_size=1, max_size=2), _WRITTEN, st.booleans())
def test_any_name_keeps_its_key(last: list[str], first: list[str], write: Callable[[str], str], swaps: bool) -> None:
    """However it is written, joined and put in place of the other: one key, and it is no other first name's."""
    names = write("-".join(last)), write(" ".join(first))
    key = _named("-".join(last), " ".join(first))
    assert _named(*(reversed(names) if swaps else names)) == key
    assert _named("-".join(last), " ".join([*first, "xy"])) != key
