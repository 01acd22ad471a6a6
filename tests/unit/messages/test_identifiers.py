"""Check digits and the NDC's one form, on numbers made up for the purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.identifiers import (
    dea_is_valid,
    is_digits,
    ncpdp_is_valid,
    normalise_ndc,
    npi_is_valid,
    prescribing_number,
)


@pytest.mark.parametrize("text", ["AS1234563", "BX1234563", "F91234563", "as1234563"])
def test_a_dea_number_with_its_check_digit_is_valid(text: str) -> None:
    """(1 + 3 + 5) + 2 x (2 + 4 + 6) = 33: the check digit is 3."""
    assert dea_is_valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AS1234560",
        "ZZ1234567",
        "1S1234563",
        "A11234563",
        "AS123456",
        "AS12345633",
        "AS12345\uff163",
        "ÄS1234563",
    ],
)
def test_any_other_text_is_no_dea_number(text: str) -> None:
    """Length, letters, ASCII digits and check digit all count."""
    assert not dea_is_valid(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234567893", True),
        ("1234567890", False),
        ("123456789", False),
        ("12345678933", False),
        ("123456789\uff13", False),
    ],
)
def test_an_npi_passes_luhn_behind_its_prefix(text: str, expected: bool) -> None:
    """1234567893 is the published example."""
    assert npi_is_valid(text) is expected


@given(st.from_regex(r"\A[0-9]{9}\Z"))
def test_exactly_one_check_digit_makes_an_npi(start: str) -> None:
    """Of ten endings one is right, and it is Luhn's over 80840 and the number."""
    (right,) = [digit for digit in "0123456789" if npi_is_valid(start + digit)]
    total = 0
    for place, digit in enumerate(map(int, reversed("80840" + start + right))):
        total += sum(map(int, str(digit * 2))) if place % 2 else digit
    assert total % 10 == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0712340", True), ("0712346", False), ("071234", False), ("071234a", False), ("", False)],
)
def test_an_ncpdp_id_has_the_dea_numbers_check_digit(text: str, expected: bool) -> None:
    """(0 + 1 + 3) + 2 x (7 + 2 + 4) = 30."""
    assert ncpdp_is_valid(text) is expected


@pytest.mark.parametrize(
    ("text", "digits", "expected"),
    [
        ("00093005801", 11, "00093005801"),
        ("0093-0058-01", 11, "00093005801"),
        ("00093-058-01", 11, "00093005801"),
        ("00093-0058-1", 11, "00093005801"),
        ("00093-0058-01", 11, "00093005801"),
        ("0093005801", 11, None),
        ("0093-058-01", 11, None),
        ("000093-0058-01", 11, None),
        ("00093--0058", 11, None),
        ("00093-0058", 11, None),
        ("0009300580A", 11, None),
        ("0009300580²", 11, None),
        ("", 11, None),
        ("00093-0058-01", 12, "000093005801"),
        ("000093-0058-01", 12, "000093005801"),
        ("000093005801", 12, "000093005801"),
        ("0093-0058-01", 13, None),
    ],
)
def test_an_ndc_has_one_form(text: str, digits: int, expected: str | None) -> None:
    """Hyphens tell which group is short; ten bare digits do not."""
    assert normalise_ndc(text, digits) == expected


def test_digits_are_those_of_ascii() -> None:
    """What other scripts call a digit is none here."""
    assert is_digits("0123456789")
    assert not any(is_digits(text) for text in ("", "1.", "²", "\uff11", " 1"))


@pytest.mark.parametrize(
    ("dea", "suffix", "number"),
    [
        ("AB1234563", "012", "AB1234563-012"),
        ("AB1234563 ", " -012 ", "AB1234563-012"),
        ("AB1234563", "", "AB1234563"),
        ("AB1234563", " - ", "AB1234563"),
        ("", "012", ""),
    ],
)
def test_who_prescribes_under_an_institution_s_number(dea: str, suffix: str, number: str) -> None:
    """Number and suffix together; a suffix without a number is nobody's."""
    assert prescribing_number(dea, suffix) == number
