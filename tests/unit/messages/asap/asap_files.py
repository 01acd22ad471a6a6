"""Made-up ASAP files for these tests: a good one, and ways to break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

from messages.asap.check import check_file
from messages.asap.faults import Fault
from messages.asap.report import FileReport
from messages.asap.severities import CheckRules, Setting
from messages.asap.writer import Dispensing, Style, write_transaction

TODAY = date(2026, 11, 24)
CREATED_AT = datetime(2026, 11, 24, 8, 41, 42, tzinfo=UTC)
PHARMACY = {"PHA01": "1234567893", "PHA02": "0712340", "PHA03": "BX1234563", "PHA04": "EXAMPLE PHARMACY"}
GOOD = {
    "PAT02": "06",
    "PAT03": "123456789",
    "PAT07": "Alder",
    "PAT08": "Robin",
    "PAT12": "1 Example Street",
    "PAT14": "Hartford",
    "PAT15": "CT",
    "PAT16": "06103",
    "PAT18": "19800214",
    "PAT19": "F",
    "PAT20": "01",
    "DSP01": "00",
    "DSP02": "RX1001",
    "DSP03": "20261120",
    "DSP04": "2",
    "DSP05": "20261121",
    "DSP06": "01",
    "DSP07": "01",
    "DSP08": "00093005801",
    "DSP09": "30",
    "DSP10": "15",
    "DSP11": "01",
    "DSP12": "05",
    "DSP13": "00",
    "DSP16": "04",
    "DSP17": "20261122",
    "PRE01": "1234567893",
    "PRE02": "AS1234563",
    "PRE05": "Birch",
    "PRE06": "Kim",
    "AIR04": "06",
    "AIR05": "987654321",
    "AIR06": "01",
}
COMPOUND = {"DSP07": "06", "DSP08": "99999123456"}
INGREDIENT = {"CDI01": "1", "CDI02": "01", "CDI03": "00093005801", "CDI04": "2.5", "CDI05": "03"}


def rules(severities: Mapping[str, Setting] | None = None) -> CheckRules:
    """Give the rules of these tests' day."""
    return CheckRules(today=TODAY, severities=severities or {})


def record(changes: Mapping[str, str] | None = None, ingredients: Sequence[Mapping[str, str]] = ()) -> Dispensing:
    """Give the good record with some fields changed."""
    return Dispensing({**GOOD, **(changes or {})}, ingredients)


def file_of(
    *records: Dispensing,
    version: str = "4.2B",
    pharmacy: Mapping[str, str] = PHARMACY,
    file_type: str = "P",
    style: Style | None = None,
) -> bytes:
    """Give a whole file of one pharmacy; its records, or else the good one."""
    return write_transaction(
        version,
        "CONTROL-1",
        CREATED_AT,
        [(pharmacy, records or (record(),))],
        file_type=file_type,
        style=style or Style(),
    )


def segments(body: bytes) -> list[str]:
    """Cut a file that ``file_of`` made into its segments; the first keeps TH09."""
    lines = body.decode().replace("\r\n", "\n").removesuffix("\n").split("\n")
    return [line.removesuffix("~") for line in lines]


def joined(parts: Sequence[str], *, end: str = "~\r\n") -> bytes:
    """Put segments together again as they stand, counts untouched."""
    return "".join(part + end for part in parts).encode()


def recounted(parts: Sequence[str]) -> bytes:
    """Put segments together with TP01 and TT02 right."""
    fixed: list[str] = []
    for part in parts:
        start = max((place for place, other in enumerate(fixed) if other.startswith("PHA")), default=0)
        if part.startswith("TP*"):
            fixed.append(f"TP*{len(fixed) - start + 1}")
        elif part.startswith("TT*"):
            fixed.append(f"{part.rpartition('*')[0]}*{len(fixed) + 1}")
        else:
            fixed.append(part)
    return joined(fixed)


def replaced(body: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """Change the first segment of that name."""
    parts = segments(body)
    place = next(place for place, part in enumerate(parts) if part.split("*")[0] == name)
    parts[place] = change(parts[place])
    return joined(parts)


def check(body: bytes, **settings: Setting) -> FileReport:
    """Check a file by these tests' rules, severities as set."""
    return check_file(body, rules(settings))


def told(faults: Sequence[Fault]) -> set[tuple[str, str, str | None]]:
    """Give what the faults say: check, severity, field (or segment)."""
    return {(fault.check, fault.severity, fault.field or fault.segment) for fault in faults}
