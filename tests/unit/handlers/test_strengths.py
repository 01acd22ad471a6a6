"""A table of strengths is read whole or not at all, and says where it is at fault (R29)."""

from __future__ import annotations

import pytest

from handlers.rules.strengths import Strength, read_strengths
from messages.errors import Invalid

HEADER = "ndc,ingredient,strength"


def test_r29_a_table_is_read() -> None:
    """By package or by product; blanks around a cell and empty lines do not count."""
    lines = [HEADER, "00093005801,oxycodone,10", "", "000930058, fentanyl_patch , 12.5"]
    assert list(read_strengths(lines)) == [
        Strength("00093005801", "oxycodone", "10"), Strength("000930058", "fentanyl_patch", "12.5"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([], "line 1, header"),
        (["ndc;ingredient;strength"], "line 1, header"),
        ([HEADER, "00093005801,oxycodone"], "line 2, columns"),
        ([HEADER, "0009-3005-80,oxycodone,10"], "line 2, ndc"),
        ([HEADER, "00093005801,oxycodone,10", "00093005802,sugar,10"], "line 3, ingredient"),
        ([HEADER, "00093005801,oxycodone,-1"], "line 2, strength"),
        ([HEADER, "00093005801,oxycodone,NaN"], "line 2, strength"),
        ([HEADER, "00093005801,oxycodone,much"], "line 2, strength"),
    ],
)
def test_r29_a_fault_is_named_by_line_and_column(lines: list[str], where: str) -> None:
    """What stands there is not repeated."""
    with pytest.raises(Invalid) as refused:
        list(read_strengths(lines))
    assert refused.value.field == where
    assert "sugar" not in str(refused.value)
