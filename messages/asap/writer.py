"""Writing ASAP files that the reader reads back equal: for samples, benchmarks, tests, a pharmacy's tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from messages.asap.table import VERSIONS, table
from messages.errors import FieldFault, Invalid

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dispensing:
    """One record to write: values by field name (``PAT07``), ingredients by CDI field name."""

    values: Values
    ingredients: Sequence[Values] = ()


@dataclass(frozen=True, slots=True)
class Style:
    """How the file is punctuated. ``line_end`` stands behind every segment."""

    terminator: str = "~"
    separator: str = "*"
    line_end: str = "\r\n"


_STYLE = Style()
_SOURCE: Values = {"IS01": "8605550100", "IS02": "EXAMPLE PHARMACY GROUP"}


def write_transaction(
    version: str,
    control_number: str,
    created_at: datetime,
    pharmacies: Iterable[tuple[Values, Iterable[Dispensing]]],
    *,
    file_type: str = "P",
    source: Values = _SOURCE,
    style: Style = _STYLE,
) -> bytes:
    """Give a whole transaction, its counts right.

    ``created_at`` is aware; it is written as it stands, in 5.0 as UTC. ``pharmacies`` are each one's PHA
    values by field name (``PHA03``), and its records.

    Raises:
        Invalid: the version is unknown, or a value holds the separator, the terminator or a line end, for
        which
            ASAP has no escape.

    """
    write = _Writer(version, style)
    write.header(control_number, created_at, file_type)
    write.segment("IS", source)
    for pharmacy, records in pharmacies:
        first = write.count
        write.segment("PHA", pharmacy)
        for record in records:
            for name in ("PAT", "DSP", "PRE"):
                write.segment(name, record.values)
            for ingredient in record.ingredients:
                write.segment("CDI", ingredient)
            if any(name.startswith("AIR") for name in record.values):
                write.segment("AIR", record.values)
        write.segment("TP", {"TP01": str(write.count - first + 1)})
    return write.finish(control_number)


def write_zero_report(
    version: str,
    control_number: str,
    created_at: datetime,
    pharmacy: Values,
    *,
    begins_on: date,
    ends_on: date,
    source: Values = _SOURCE,
    style: Style = _STYLE,
) -> bytes:
    """Give a zero report for a period, both days included (R42)."""
    period = {"IS03": f"#{begins_on:%Y%m%d}#-#{ends_on:%Y%m%d}#"}
    zero = Dispensing({"PAT07": "REPORT", "PAT08": "ZERO", "DSP05": f"{ends_on:%Y%m%d}"})
    return write_transaction(
        version, control_number, created_at, [(pharmacy, [zero])], source={**source, **period}, style=style
    )


def write_void(version: str, control_number: str, created_at: datetime, *, style: Style = _STYLE) -> bytes:
    """Give the transaction that voids all that the transaction of that control number brought (TH03 = 04)."""
    write = _Writer(version, style)
    write.header(control_number, created_at, "P", transaction_type="04")
    return write.finish(control_number)


class _Writer:
    def __init__(self, version: str, style: Style) -> None:
        if version not in VERSIONS:
            raise Invalid("ASAP version not known", faults=(FieldFault("TH01", "unknown_version", "not known here"),))
        self._version, self._style = version, style
        self._names = {name: tuple(field.name for field in fields) for name, fields in table(version).items()}
        self._forbidden = re.compile(rf"[{re.escape(style.separator + style.terminator)}\r\n\0]").search
        self._parts: list[str] = []
        self.count = 0

    def header(self, control_number: str, created_at: datetime, file_type: str, transaction_type: str = "01") -> None:
        is_utc = self._version == "5.0"
        moment = created_at.astimezone(UTC) if is_utc else created_at
        values = {
            "TH01": self._version,
            "TH02": control_number,
            "TH03": transaction_type,
            "TH05": f"{moment:%Y%m%d}",
            "TH06": f"{moment:%H%M%S}{'Z' if is_utc else ''}",
            "TH07": file_type,
        }
        text = self._style.separator.join(self._fields("TH", values))
        # TH09 holds the terminator, and the terminator follows: the only segment written by hand.
        self._add(f"{text}{self._style.terminator}")

    def segment(self, name: str, values: Values) -> None:
        # Trailing empty fields are left out, as the standard allows.
        self._add(self._style.separator.join(self._fields(name, values)).rstrip(self._style.separator))

    def finish(self, control_number: str) -> bytes:
        self.segment("TT", {"TT01": control_number, "TT02": str(self.count + 1)})
        return "".join(self._parts).encode()

    def _add(self, text: str) -> None:
        self._parts.append(f"{text}{self._style.terminator}{self._style.line_end}")
        self.count += 1

    def _fields(self, name: str, values: Values) -> Iterator[str]:
        yield name
        for field in self._names[name]:
            value = values.get(field, "")
            if value and self._forbidden(value):
                fault = FieldFault(field, "not_writable", "holds a separator, terminator or line end")
                raise Invalid("a value cannot be written in ASAP", faults=(fault,))
            yield value
