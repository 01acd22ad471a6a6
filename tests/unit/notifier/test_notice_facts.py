"""Facts are of the shape the template declares, or the fault names them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.errors import Invalid
from notifier.facts import SHAPES, Fact, check_facts, one_line, prose

PORTAL = "https://portal.example.org"

WRONG: list[tuple[str, object]] = [
    ("text", ["a"]),
    ("text", True),
    ("text", 1.5),
    ("prose", {"a": 1}),
    ("number", "7"),
    ("number", True),
    ("date", 1.5),
    ("texts", "abc"),
    ("texts", [["a"]]),
    ("pairs", [["only one"]]),
    ("pairs", ["ab"]),
    ("link", 1.5),
    ("text", "x" * 10_001),
    ("texts", ["x"] * 5_001),
    ("rows", [1]),
    ("rows", {"a": "b"}),
]


@pytest.mark.parametrize(("shape", "value"), WRONG)
def test_a_wrong_shape_is_named_without_its_value(shape: str, value: object) -> None:
    """The fault carries path and code."""
    with pytest.raises(Invalid) as caught:
        check_facts((Fact("it", shape),), {"it": value}, portal_url=PORTAL)
    assert caught.value.field == "facts.it"
    assert caught.value.faults[0].code in ("wrong_shape", "too_long")


def test_a_row_is_checked_field_by_field() -> None:
    """A list of objects has the fields its table declares."""
    rows = (Fact("rows", "rows", fields=(Fact("label", "text"), Fact("day", "date", optional=True))),)
    filled = check_facts(rows, {"rows": [{"label": "A\nB"}]}, portal_url=PORTAL)
    assert filled == {"rows": [{"label": "A B", "day": None}]}
    with pytest.raises(Invalid) as caught:
        check_facts(rows, {"rows": [{"label": "A", "patient": "x"}]}, portal_url=PORTAL)
    assert caught.value.field == "facts.rows.patient"


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [("2026-12-01", "December 1, 2026"), ("tomorrow", "tomorrow"), ("2026-02-30", "2026-02-30")],
)
def test_a_date_reads_as_people_write_it(given_text: str, shown: str) -> None:
    """An ISO date is spelt out, whatever the machine's locale; anything else stays as given."""
    assert check_facts((Fact("it", "date"),), {"it": given_text}, portal_url=PORTAL) == {"it": shown}


def test_a_number_may_stand_where_text_is_wanted() -> None:
    """A ticket's number is text to a reader."""
    assert check_facts((Fact("it", "text"),), {"it": 42}, portal_url=PORTAL) == {"it": "42"}


@given(st.text())
def test_clean_text_has_no_line_breaks_and_stays_clean(text: str) -> None:
    """Cleaning twice changes nothing more; one line is one line; what is left is UTF-8."""
    assert one_line(one_line(text)) == one_line(text)
    assert prose(prose(text)) == prose(text)
    assert len(one_line(text).splitlines()) <= 1
    assert prose(text).encode().decode() == prose(text)


def test_the_joiners_of_persian_and_indic_names_stay() -> None:
    """They are letters to the reader."""
    assert one_line("\u0646\u200c\u06cc") == "\u0646\u200c\u06cc"


@given(
    st.sampled_from(sorted(SHAPES)),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
)
def test_any_value_is_taken_or_refused(shape: str, value: object) -> None:
    """No value makes the check fall over."""
    try:
        check_facts((Fact("it", shape, optional=True),), {"it": value}, portal_url=PORTAL)
    except Invalid as error:
        assert error.field == "facts.it"
