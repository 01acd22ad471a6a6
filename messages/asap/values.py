"""What a file says, as values: header, pharmacies, records and zero reports. Everything is kept as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Literal, NamedTuple, TypeVar

from messages.asap.faults import Fault, pharmacy_told
from messages.identifiers import is_digits

Status = Literal["new", "revise", "void"]
V = TypeVar("V")
Key = tuple[str, str, str, int, str, int]

_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?")
MEMO_MAX = 20_000  # more distinct birth dates than living people have, about 2 MB
NUMBER_MAX = 200
"""Characters of what something is known by, as of any text in JSON: PostgreSQL's indexes take no more than 2704 bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """The transaction header. ``control_number`` (TH02) names it; with ``voids``, the one to void."""

    version: str
    control_number: str
    created_on: str
    created_time: str
    voids: bool
    is_test: bool

    def made_at(self, zone: tzinfo) -> datetime | None:
        """When the transaction was made (TH05, TH06): a time of this zone, with a Z of UTC; None when that cannot be read."""
        time = self.created_time.removesuffix("Z").ljust(6, "0")
        if not is_digits(self.created_on + time):
            return None
        try:
            written = datetime.strptime(self.created_on + time, "%Y%m%d%H%M%S")  # noqa: DTZ007 - its zone follows
        except ValueError:
            return None
        return written.replace(tzinfo=UTC if self.created_time.endswith("Z") else zone)


@dataclass(frozen=True, slots=True)
class Pharmacy:
    """One PHA block.

    ``fields[3]`` is PHA03. ``dispenser`` is what its records are known by: DEA,
    else NPI, else NCPDP (R48). Not valid, none of its records can be stored.
    """

    index: int
    line: int
    dea: str
    ncpdp: str
    npi: str
    dispenser: str
    name: str
    fields: Sequence[str]
    faults: tuple[Fault, ...]
    is_valid: bool

    @property
    def told(self) -> str | None:
        """What a report names it by."""
        return pharmacy_told(self.dea, self.ncpdp, self.npi)


@dataclass(frozen=True, slots=True)
class ZeroReport:
    """A pharmacy had nothing to report from ``begins_on`` to ``ends_on``, YYYY-MM-DD, both included (R42)."""

    pharmacy: int
    begins_on: str
    ends_on: str
    line: int
    is_valid: bool


class Record(NamedTuple):
    """One dispensation (a DSP and what belongs to it).

    ``pat[7]`` is PAT07; segments hold at least the version's fields, absent ones as ''. The values read out
    of them are canonical; of an invalid record some may be '' or 0. ``ingredients`` are a compound's NDCs,
    ``-`` for one without. ``line`` is the ordinal of its DSP. A named tuple, because a file makes fifty thousand of them.
    """

    pharmacy: int
    dispenser: str
    status: Status
    prescription_number: str
    filled_on: str
    fill_number: int
    quantity: str
    partial_fill: int
    days_supply: int
    product_id: str
    ingredients: str
    written_on: str
    sold_on: str
    born_on: str
    pat: Sequence[str]
    dsp: Sequence[str]
    pre: Sequence[str]
    cdi: tuple[Sequence[str], ...]
    air: Sequence[str]
    text: str
    line: int
    is_valid: bool
    faults: tuple[Fault, ...]

    @property
    def key(self) -> Key:
        """What makes two records the same (R48)."""
        return (
            self.dispenser,
            self.prescription_number,
            self.filled_on,
            self.fill_number,
            self.quantity,
            self.partial_fill,
        )

    def value(self, field: str) -> str:
        """Give a field's text by its name (``PAT07``); '' when absent. Ingredients are in ``cdi``."""
        segments = {"PAT": self.pat, "DSP": self.dsp, "PRE": self.pre, "AIR": self.air}
        fields, position = segments[field[:3]], int(field[3:])
        return fields[position] if position < len(fields) else ""


class Memo(dict[str, V]):
    """What a pure function said about each text seen in this file; emptied when full."""

    __slots__ = ("_ask",)

    def __init__(self, ask: Callable[[str], V]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, text: str) -> V:
        if len(self) >= MEMO_MAX:
            self.clear()
        answer = self[text] = self._ask(text)
        return answer


def iso_date(text: str) -> str:
    """Give CCYYMMDD as YYYY-MM-DD, '' when it is not a real date."""
    if len(text) != 8 or not is_digits(text):
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def is_time(text: str) -> bool:
    """Tell whether this is a time of day, HHMMSS or HHMM; a Z behind it stands for UTC."""
    return _TIME.fullmatch(text.removesuffix("Z")) is not None


def canonical_quantity(text: str) -> str:
    """Give a positive decimal of at most 11 characters without idle zeros ('030.50' is '30.5'), else ''."""
    whole, _, part = text.partition(".")
    if len(text) > 11 or not is_digits(whole + part):
        return ""
    amount = Decimal(f"{whole or '0'}.{part or '0'}")
    if amount <= 0:
        return ""
    plain = f"{amount:f}"
    return plain.rstrip("0").rstrip(".")
