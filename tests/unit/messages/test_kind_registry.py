"""Every kind is found in the module of its family, and no list names it."""

from __future__ import annotations

import re

import pytest

from messages.envelope import ASAP, JSON
from messages.registry import families, kinds


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_reads_as_family_and_event(kind: str) -> None:
    """It is its own routing key: lower-case words, bound by its family's queue."""
    model = kinds()[kind]
    assert re.fullmatch(r"[a-z]+\.[a-z_]+(\.v[0-9]+)?", kind)
    assert kind.startswith(f"{model.family}.")
    assert model.__module__ == f"messages.{model.family}"
    assert model.content_type in (JSON, ASAP)


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_says_what_happened(kind: str) -> None:
    """Its docstring is what a portal's author reads."""
    assert (kinds()[kind].__doc__ or "").strip()


def test_kinds_come_in_order_and_cannot_be_changed() -> None:
    """Everybody sees the same kinds."""
    assert list(kinds()) == sorted(kinds())
    with pytest.raises(TypeError):
        kinds()["a.b"] = next(iter(kinds().values()))  # type: ignore[index]


def test_families_are_those_that_have_a_kind() -> None:
    """Each once, in order."""
    assert families() == tuple(sorted({kind.partition(".")[0] for kind in kinds()}))
    assert {"registration", "approval", "account", "ticket", "dispensation"} <= set(families())
