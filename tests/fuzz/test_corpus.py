"""What a long search once found is handled right ever after (R46)."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from tests.fuzz.files import handle, seeds, variants


@pytest.mark.parametrize("place", range(len(seeds())))
def test_every_kept_file_has_a_verdict(place: int) -> None:
    """Samples and corpus alike."""
    handle(seeds()[place])


def test_a_short_search_finds_nothing() -> None:
    """A few hundred variants of them, the same in every run."""
    for body in islice(variants(random.Random(20080701)), 300):
        handle(body)
