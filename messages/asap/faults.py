"""A fault: what is wrong, where, and what to do about it, in a sentence without patient data (R47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from messages.asap.severities import CheckRules, Setting, Severity
from messages.asap.table import title

Subject = Literal["record", "void", "header"]
"""What a fault is of: a record; a void, with which nothing is stored; or a segment without records (TH, IS, TP, TT)."""

_TO_DO: Final = {
    "file": "Nothing of this file is stored: correct it and send the whole file again.",
    "error": "This record is not stored: correct it and send the record again.",
    "warning": "This keeps nothing from taking effect: correct it before the next file.",
}
_VOID: Final = "Nothing is withdrawn: correct it and send the void again."
_ZERO: Final = "The zero report does not count: correct it and send it again."
# What to do about a check for which the sentence of its severity would be wrong. Whether a record is a duplicate is not
# known where these are said: none may tell that it is stored.
_TO_DO_OF: Final = {
    ("F14", "warning"): "Send it with TH07 = P to have it stored.",
    (
        "R09.unlisted",
        "warning",
    ): "This keeps nothing out: check the NDC, or tell the program of a drug that its table lacks.",
    ("R21", "warning"): "This keeps none of its records out: ask the program to register the dispenser.",
    (
        "R21",
        "error",
    ): "None of its records are stored: ask the program to register the dispenser, then send them again.",
    (
        "R21.submitter",
        "warning",
    ): "This keeps none of its records out: ask the program to register this submitter for it.",
    ("R21.submitter", "error"): (
        "None of its records are stored: ask the program to register this submitter for it, then send them again."
    ),
    (
        "R21.numbers",
        "warning",
    ): "This keeps none of its records out: correct its numbers, or tell the program of a new one.",
    ("R21.numbers", "error"): (
        "None of its records are stored: correct its numbers, or tell the program of a new one, then send them again."
    ),
    ("R28", "warning"): "It is marked as not reportable and not refused for it: there is nothing to correct.",
    (
        "R29",
        "warning",
    ): "Nothing was withdrawn or replaced: there is nothing to correct unless it was expected to be known.",
    (
        "R29",
        "error",
    ): "Nothing was stored or withdrawn: check what names the record; one that never got in is sent as new.",
    ("R31", "warning"): "It is marked as late and not refused for it: there is nothing to correct.",
}


class Finding(NamedTuple):
    """What a check (or one case of it) found in a field, before it is known how grave that is.

    Of an ingredient, ``ingredient`` is its place among the compound's, from 0.
    """

    check: str
    field: str
    text: str
    ingredient: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of a report. ``line`` is the segment's ordinal in the file, from 1; 0 is the whole file.

    ``pharmacy`` is whose it is, as ``pharmacy_told`` names it; None of what stands in no pharmacy's block.
    """

    check: str
    severity: Severity
    segment: str | None
    line: int
    field: str | None
    prescription: str | None
    fill_date: str | None
    message: str
    pharmacy: str | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """Give the fault in the report's stable shape."""
        return {
            "check": self.check,
            "severity": self.severity,
            "segment": self.segment,
            "line": self.line,
            "field": self.field,
            "pharmacy": self.pharmacy,
            "prescription": self.prescription,
            "fill_date": self.fill_date,
            "message": self.message,
        }


class Ledger:
    """The faults of one submission: the first ones kept, graver ones in place of warnings, all of them counted.

    ``listed`` and ``total`` are what has been found of it before.
    """

    __slots__ = ("_listed", "_rules", "_warnings", "failed", "total")

    def __init__(self, rules: CheckRules, listed: Sequence[Fault] = (), total: int = 0) -> None:
        self._rules = rules
        self._listed = list(listed)
        self._warnings = sum(fault.severity == "warning" for fault in listed)
        self.total = total
        self.failed = False

    @property
    def listed(self) -> tuple[Fault, ...]:
        """At most as many faults as the rules list: those found first, but no warning while an error is left out."""
        return tuple(self._listed)

    def lists(self, finding: Finding) -> bool:
        """Whether the finding, once noted, is listed; else it is only counted."""
        return self._has_room_for(self._rules.severity(finding.check))

    def note(
        self,
        finding: Finding,
        line: int,
        *,
        pharmacy: str | None = None,
        prescription: str | None = None,
        fill_date: str | None = None,
        of: Subject = "record",
        fails: bool = False,
    ) -> Fault | None:
        """Make a fault of the finding and count it; None when the rules have its check switched off.

        ``of`` what it is: an error of a header keeps no record out, and is a warning. What ``fails`` the file,
        because it cannot be read on, does so whatever the check's setting.
        """
        setting = "file" if fails else self._rules.severity(finding.check)
        if setting == "off":
            return None
        if setting == "error" and of == "header":
            setting = "warning"
        self.total += 1
        self.failed = self.failed or setting == "file"
        fault = Fault(
            check=finding.check.partition(".")[0],
            severity=setting,
            segment=_segment(finding.field),
            line=line,
            field=finding.field if finding.field[-1:].isdigit() or finding.field.islower() else None,
            prescription=prescription,
            fill_date=fill_date,
            pharmacy=pharmacy,
            message=f"{_where(finding.field, line)}{finding.text}. {_advice(finding, setting, of)}",
        )
        if self._has_room_for(setting):
            self._list(fault)
        return fault

    def count(self, finding: Finding) -> None:
        """Count a warning that there is no room to list."""
        self.total += self._rules.severity(finding.check) != "off"

    def _has_room_for(self, setting: Setting) -> bool:
        is_full = len(self._listed) >= self._rules.faults_listed
        return not is_full or (setting != "warning" and self._warnings > 0)

    def _list(self, fault: Fault) -> None:
        """List a fault; of a full list the last warning makes room."""
        if len(self._listed) >= self._rules.faults_listed:
            last = max(place for place, one in enumerate(self._listed) if one.severity == "warning")
            del self._listed[last]
            self._warnings -= 1
        self._listed.append(fault)
        self._warnings += fault.severity == "warning"


def shape(value: str) -> str:
    """Describe a value without telling it: digits as 9, letters as A, anything unprintable as ?."""
    return f"'{_signs(value)}' ({len(value)} long)" if value else "nothing"


def described(value: str) -> str:
    """Describe a value to a clerk without telling it: ``8 digits``, ``3 letters``, else its shape."""
    for is_all, kind in ((value.isdigit(), "digit"), (value.isalpha(), "letter")):
        if is_all:
            return f"{len(value)} {kind}{'s' if len(value) > 1 else ''}"
    return f"'{_signs(value)}' (9 is any digit, A any letter)" if value else "nothing"


def count_told(value: str) -> str:
    """Tell a count as it stands: a number of few digits is no person's; of anything else, what it looks like."""
    return value if len(value) <= 3 and value.isascii() and value.isdigit() else described(value)


def told(value: str) -> str:
    """Tell a value that is no person's: a version, a pharmacy's number; of anything else, the shape.

    In a damaged file anything may stand in such a field: a name has no digit or more letters, a date has eight digits.
    """
    is_number = value.isascii() and value.isalnum() and len(value) not in (0, 8) and len(value) <= 10
    letters = sum(character.isalpha() for character in value)
    return f"'{value}'" if is_number and letters <= 2 and letters < len(value) else _version(value)


def _version(value: str) -> str:
    return f"'{value}'" if len(value) <= 4 and value.isascii() and "." in value else described(value)


def printable(value: str) -> str | None:
    """Give an identifier fit for a report: control characters replaced, at most 40 long, None when empty."""
    return "".join(character if character.isprintable() else "?" for character in value[:40]) or None


def pharmacy_told(dea: str, ncpdp: str, npi: str) -> str | None:
    """Name a pharmacy in a report by the first of its numbers: ``DEA AB1234563``; None when it gave none."""
    named = (("DEA", dea), ("NCPDP", ncpdp), ("NPI", npi))
    return next((f"{name} {printable(number)}" for name, number in named if number), None)


def _advice(finding: Finding, severity: Severity, of: Subject) -> str:
    if (finding.check, severity) in _TO_DO_OF:
        return _TO_DO_OF[finding.check, severity]
    if severity == "error" and finding.check.endswith(".zero"):
        return _ZERO
    if severity == "error" and of == "void":
        return _VOID
    if severity == "error" and finding.field.startswith(("PHA", "dispenser")):
        return "None of this pharmacy's records are stored: correct it and send them again."
    return _TO_DO[severity]


def _signs(value: str) -> str:
    return "".join(_sign(character) for character in value[:20]) + ("..." if len(value) > 20 else "")


def _sign(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A"
    return character if character.isascii() and character.isprintable() else "?"


def _segment(field: str) -> str | None:
    """Give the segment of a field; a record in JSON (``days_supply``) has none."""
    return None if field.islower() else field.rstrip("0123456789") or None


def _where(field: str, line: int) -> str:
    place = f"{'Record' if field.islower() else 'Segment'} {line}" if line else ""
    if not field:
        return f"{place}: " if place else ""
    name = f"{field} ({title(field)})" if title(field) else field
    return f"{place}, {name}: " if place else f"{name}: "
