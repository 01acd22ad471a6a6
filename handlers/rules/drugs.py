"""Which drugs are monitored, and how (R44): the FDA's NDC directory and a plain CSV become entries of the programme's table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from handlers.rules.policy import Policy
from messages.errors import FieldFault, Invalid
from messages.identifiers import NDC_DIGITS, is_digits, normalise_ndc
from store.drugs import PACKAGE_DIGITS, Drug, Monitoring

CSV_COLUMNS: Final = ("ndc", "name", "schedule", "class", "monitoring", "for_animals")
_SCHEDULES: Mapping[str, str] = MappingProxyType({"CII": "II", "CIII": "III", "CIV": "IV", "CV": "V"})
_ALWAYS: Final = ("naloxone", "insulin", "glucagon")  # R44: at any supply, not for animals
_OVER_48_HOURS: Final = ("gabapentin",)  # R44: unscheduled, when the supply is over 48 hours
_CLASSES: Mapping[str, str] = MappingProxyType(
    {"opioid": "opioid", "benzodiazepine": "benzodiazepine", "stimulant": "stimulant"}
)
_MONITORINGS: Mapping[str, Monitoring] = MappingProxyType(
    {"over_48_hours": "over_48_hours", "any_supply": "any_supply"}
)
_NAME_CHARS_MAX: Final = 120
_FAULTS_TOLD: Final = 20
_PRODUCT_WIDTH: Final = 4
_LABEL_DIGITS: Final = 8  # of labeler and product on a label, at least: 4-4, 5-3


def read_drugs(
    lines: Iterable[str], known: Mapping[str, Drug] | None = None, *, ndc_digits: int = NDC_DIGITS
) -> Iterator[Drug]:
    """Hand on the monitored drugs of a file: FDA ``product.txt`` or ``package.txt``, or a CSV with the columns of CSV_COLUMNS.

    The file is known by its header. ``package.txt`` names packages of products: what they are, ``known`` must say, by the
    product's digits; packages of other products are not monitored and left out.

    Raises:
        Invalid: the header is none of the three, or lines of the CSV are at fault; names each line and the column.
    """
    try:
        yield from _entries(iter(lines), known or {}, ndc_digits)
    except csv.Error:
        raise _fault("somewhere", "columns", "a column has no end; is a quotation mark closed?") from None


def _entries(rows: Iterator[str], known: Mapping[str, Drug], ndc_digits: int) -> Iterator[Drug]:
    header = next(rows, "").lstrip("\ufeff").rstrip("\r\n")
    columns = header.split("\t")
    if "PRODUCTNDC" in columns and "DEASCHEDULE" in columns:
        yield from _products(csv.DictReader(rows, columns, delimiter="\t", quoting=csv.QUOTE_NONE), ndc_digits)
    elif "NDCPACKAGECODE" in columns:
        yield from _packages(csv.DictReader(rows, columns, delimiter="\t", quoting=csv.QUOTE_NONE), known, ndc_digits)
    elif tuple(name.strip() for name in header.split(",")) == CSV_COLUMNS:
        yield from _lines_of_csv(rows, ndc_digits)
    else:
        raise _fault("line 1", "header", f"is no header of product.txt, package.txt or {','.join(CSV_COLUMNS)}")


def _lines_of_csv(rows: Iterator[str], ndc_digits: int) -> Iterator[Drug]:
    reader, wrong = csv.reader(rows), list[Invalid]()
    for row in reader:
        try:
            if row:
                yield _from_csv(row, reader.line_num + 1, ndc_digits)  # behind the header
        except Invalid as error:
            wrong.append(error)
    if wrong:
        text = " ".join(error.text for error in wrong[:_FAULTS_TOLD])
        more = f" And {len(wrong) - _FAULTS_TOLD} more." if len(wrong) > _FAULTS_TOLD else ""
        raise Invalid(text + more, faults=tuple(fault for error in wrong for fault in error.faults))


def product_digits(ndc: str, ndc_digits: int = NDC_DIGITS) -> str | None:
    """Give a labeler and product code (``0093-0058``) as the digits that its packages begin with; None when it is none."""
    labeler, _, product = ndc.partition("-")
    wide = ndc_digits - _PRODUCT_WIDTH - PACKAGE_DIGITS
    if not (is_digits(labeler) and is_digits(product)) or len(labeler) > wide or len(product) > _PRODUCT_WIDTH:
        return None
    is_whole = len(labeler) + len(product) >= _LABEL_DIGITS
    return labeler.zfill(wide) + product.zfill(_PRODUCT_WIDTH) if is_whole else None


def _products(rows: Iterable[Mapping[str, str | None]], ndc_digits: int) -> Iterator[Drug]:
    for row in rows:
        ndc = product_digits((row.get("PRODUCTNDC") or "").strip(), ndc_digits)
        substances = (row.get("SUBSTANCENAME") or row.get("NONPROPRIETARYNAME") or "").lower()
        schedule = _SCHEDULES.get((row.get("DEASCHEDULE") or "").strip(), "")
        always = any(name in substances for name in _ALWAYS)
        if ndc is None or not (schedule or always or any(name in substances for name in _OVER_48_HOURS)):
            continue
        said = (row.get("PHARM_CLASSES") or "").lower()
        yield Drug(
            ndc=ndc,
            name=(row.get("PROPRIETARYNAME") or row.get("NONPROPRIETARYNAME") or substances).strip()[:_NAME_CHARS_MAX],
            schedule=schedule,
            # An antagonist of opioids is none; with an opioid in the same product that product is scheduled.
            drug_class=next((kind for word, kind in _CLASSES.items() if word in said and (schedule or not always)), ""),
            monitoring="any_supply" if always and not schedule else "over_48_hours",
            for_animals=bool(schedule) or not always,
        )


def _packages(rows: Iterable[Mapping[str, str | None]], known: Mapping[str, Drug], ndc_digits: int) -> Iterator[Drug]:
    for row in rows:
        ndc = normalise_ndc((row.get("NDCPACKAGECODE") or "").strip(), ndc_digits)
        product = known.get(ndc[:-PACKAGE_DIGITS]) if ndc else None
        if ndc and product:
            yield replace(product, ndc=ndc)


def _from_csv(row: list[str], number: int, ndc_digits: int) -> Drug:
    line = f"line {number}"
    if len(row) != len(CSV_COLUMNS):
        raise _fault(line, "columns", f"must have {len(CSV_COLUMNS)} columns")
    ndc, name, schedule, drug_class, monitoring, for_animals = (value.strip() for value in row)
    product = ndc_digits - PACKAGE_DIGITS
    digits = product_digits(ndc, ndc_digits) if ndc.count("-") == 1 else normalise_ndc(ndc, ndc_digits)
    if digits is None and len(ndc) == product and is_digits(ndc):
        digits = ndc
    if digits is None:
        raise _fault(
            line,
            "ndc",
            f"must be an NDC of {ndc_digits} digits, or the {product} of labeler and product; hyphens may stand in it",
        )
    if not name or len(name) > _NAME_CHARS_MAX:
        raise _fault(line, "name", f"must have 1 to {_NAME_CHARS_MAX} characters")
    if schedule not in {"", *_SCHEDULES.values()}:
        raise _fault(line, "schedule", "must be II, III, IV, V or empty")
    how = _MONITORINGS.get(monitoring)
    if how is None:
        raise _fault(line, "monitoring", f"must be {' or '.join(_MONITORINGS)}")
    if for_animals not in ("yes", "no"):
        raise _fault(line, "for_animals", "must be yes or no")
    return Drug(digits, name, schedule, drug_class, how, for_animals == "yes")


def _fault(line: str, column: str, text: str) -> Invalid:
    return Invalid(f"{line}, {column}: {text}.", faults=(FieldFault(f"{line}.{column}", "wrong_entry", text),))


def is_short(days_supply: int, policy: Policy) -> bool:
    """Tell whether a supply is of 48 hours or less (R43, R44); one whose days are not told (0) is not known to be."""
    return 0 < days_supply * 24 <= policy.short_supply_hours


def is_reportable(drug: Drug, *, days_supply: int, is_animal: bool, policy: Policy) -> bool:
    """Tell whether this supply of a monitored drug must be reported (R44, R28 of the checks)."""
    if is_animal and not drug.for_animals:
        return False
    return drug.monitoring == "any_supply" or not is_short(days_supply, policy)
