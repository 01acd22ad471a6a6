"""Which records are of one patient: a key made of name, birth date and sex or ZIP, the same for the same person.

Nothing here guesses. Two keys of one person are merged, and wrongly merged ones split, by a person's decision
(``patient.merged``, ``patient.split``). A matcher that proposes merges would publish these too, for a person to confirm: its
place is beside ``patient_key``, as a function from a key to keys that may be the same person's.

Two persons of equal names, birth date and sex share a key until a person tells them apart (``patient.told_apart``): from then on
each is known by the key and ``part_of`` it, made of the ZIP code. Whoever moved has two such ids then, to be merged like any.

What the key forgives: case, accents, punctuation, spaces (``Smith-Jones``, ``Smith Jones``, ``SMITHJONES``), generational
suffixes, initials, and first and last name in each other's place. What it does not: another spelling, a middle name written
out, another birth date. A missing name or sex is a part left empty, never a wild card.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

KEY_DIGITS: Final = 32
_SUFFIXES: Final = frozenset(
    {"jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "4th", "junior", "senior", "esq", "md", "phd"}
)
_PARTICLES: Final = frozenset({"o", "d"})  # O'Brien, D'Angelo: a leading one belongs to the name behind it
_LETTERS: Final = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i"})
_APOSTROPHES: Final = str.maketrans("", "", "'’‘ʼ`´")
_ANIMAL: Final = "02"  # ASAP PAT20: 01 human, 02 veterinary patient


@dataclass(frozen=True, slots=True)
class Person:
    """The facts by which a patient is known, as a record or a message writes them. ``born_on`` is YYYY-MM-DD."""

    last_name: str
    first_name: str
    born_on: str
    gender: str
    zip: str
    species: str = ""


def is_animal(species: str) -> bool:
    """Tell whether the record is of a veterinary patient, which raises no duty (R56)."""
    return species == _ANIMAL


@lru_cache(maxsize=4096)
def patient_key(person: Person) -> str:
    """Return the key of a patient: 32 hexadecimal digits that say nothing by themselves.

    It is made of both names, normalised and in alphabetical order, the birth date, and the sex; where the sex is not known, of
    the ZIP code's first five digits. An animal under its owner's name has another key than the owner.
    """
    names = sorted((_name(person.last_name), _name(person.first_name)))
    known_by = person.gender if person.gender in ("F", "M") else person.zip[:5]
    species: Literal["animal", "human"] = "animal" if is_animal(person.species) else "human"
    written = "\x1f".join((species, *names, person.born_on, known_by))
    return hashlib.sha256(written.encode()).hexdigest()[:KEY_DIGITS]


def part_of(key: str, zip_code: str) -> str:
    """Return what tells persons of one key apart: eight digits made of the ZIP code's first five; a missing one has its own."""
    return hashlib.sha256(f"{key}\x1f{''.join(zip_code.split()).upper()[:5]}".encode()).hexdigest()[:8]


def key_and_part(patient_id: str) -> tuple[str, str]:
    """Return the key that an id begins with, and which person of it the id means; '' where it is the key alone."""
    return patient_id[:KEY_DIGITS], patient_id[KEY_DIGITS:]


@lru_cache(maxsize=16_384)  # the same names again and again
def _name(text: str) -> str:
    """Reduce a name to its letters; one that has none (a placeholder) stays what it is."""
    words = _words(text)
    kept = [word for word in words if word not in _SUFFIXES] or words
    long = [word for place, word in enumerate(kept) if len(word) > 1 or (place == 0 and word in _PARTICLES)]
    return "".join(long or kept) or " ".join(text.split()).casefold()


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_APOSTROPHES)).translate(_LETTERS)
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if letter.isalnum() else " " for letter in bare).split()
