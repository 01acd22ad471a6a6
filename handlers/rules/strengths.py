"""How much of an opioid is in a unit of a drug: a plain CSV becomes rows of the programme's table (R29)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from handlers.rules.alerts import factors
from messages.errors import FieldFault, Invalid
from messages.identifiers import NDC_DIGITS, is_digits
from store.drugs import PACKAGE_DIGITS

COLUMNS: Final = ("ndc", "ingredient", "strength")


class Strength(NamedTuple):
    """An NDC of 11 digits (a package) or 9 (a product), an ingredient of ``mme.toml``, how much of it is in a unit."""

    ndc: str
    ingredient: str
    strength: str


def read_strengths(lines: Iterable[str], *, ndc_digits: int = NDC_DIGITS) -> Iterator[Strength]:
    """Hand on the rows of a CSV with the columns ``ndc,ingredient,strength``.

    Raises:
        Invalid: the header or a line is at fault; names the line and the column.
    """
    rows = csv.reader(lines)
    if tuple(name.strip() for name in next(rows, [])) != COLUMNS:
        raise _fault(1, "header", f"is not {','.join(COLUMNS)}")
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise _fault(number, "columns", f"has not {len(COLUMNS)} columns")
        read = Strength(*(cell.strip() for cell in row))
        if not is_digits(read.ndc) or len(read.ndc) not in (ndc_digits - PACKAGE_DIGITS, ndc_digits):
            raise _fault(
                number, "ndc", f"is no NDC of {ndc_digits} digits, nor a product's {ndc_digits - PACKAGE_DIGITS}"
            )
        if read.ingredient not in factors():
            raise _fault(number, "ingredient", "is no ingredient with a factor")
        if not _is_positive(read.strength):
            raise _fault(number, "strength", "is no positive number")
        yield read


def _is_positive(text: str) -> bool:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return False
    return amount.is_finite() and amount > 0


def _fault(line: int, column: str, text: str) -> Invalid:
    where = f"line {line}, {column}"
    return Invalid(f"{where} {text}.", faults=(FieldFault(where, column, text),))
