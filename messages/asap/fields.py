"""What can be wrong inside one segment, named field by field: the careful look behind ``patterns``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from messages.asap.faults import Finding, described, told
from messages.asap.table import Field, table
from messages.asap.values import NUMBER_MAX, Memo, is_time
from messages.identifiers import dea_is_valid, ncpdp_is_valid, npi_is_valid

# Fields that a check of their own covers wholly; R15 and R16 would only say the same again.
_OWN_CHECK = frozenset({"TH03", "TH07", "DSP01", "DSP02", "DSP04", "DSP06", "DSP09", "DSP10", "DSP13", "CDI04"})
_HEADER_CHECKED = frozenset({"TH01", "TH02", "TH05", "TH06", "TH09"})  # by F02, F08, F12, F03
_ADDRESS = frozenset({"PAT12", "PAT14", "PAT15", "PAT16"})
_IDENTITY = frozenset(
    {"DSP05", "DSP06", "DSP09"}
)  # of what makes a record the same, those told by R14 when empty (R48)
_REQUIRED_BY_R_CHECK = frozenset({"DSP01", "DSP02"})  # R01, R02
PLACEHOLDERS = frozenset(
    {
        "UNKNOWN",
        "UNK",
        "TEST",
        "TESTING",
        "PATIENT",
        "NONE",
        "NA",
        "N/A",
        "XXX",
        "ANONYMOUS",
        "REPORT",
        "ZERO",
    }
)
_STATE = re.compile(r"[A-Za-z]{2}")
_ZIP = re.compile(r"[0-9]{5}(?:-?[0-9]{4})?")
NO_FINDINGS: tuple[Finding, ...] = ()


class FieldChecks:
    """The checks of single fields and of fields that go together within one segment.

    Every ``fields`` is a segment split and padded to the version's width: in PAT, ``fields[7]`` is PAT07.
    """

    def __init__(self, version: str, today: date, dates: Memo[str]) -> None:
        self._table: Mapping[str, tuple[Field, ...]] = MappingProxyType(dict(table(version)))
        self._today, self._is_5 = today.isoformat(), version == "5.0"
        self._dates = dates
        self.npi = Memo(npi_is_valid)
        self.dea = Memo(dea_is_valid)

    def segment(self, segment: str, fields: Sequence[str]) -> tuple[Finding, ...]:
        """Name what is wrong in single fields: R03, R04, R13, R14, R15, R16."""
        findings: list[Finding] = []
        for field in self._table[segment]:
            value = fields[field.position]
            if field.name in _HEADER_CHECKED:
                continue
            if not value or value.isspace():
                if field.required and not self._is_waived(field, fields):
                    check = "R14.identity" if field.name in _IDENTITY else "R14"
                    findings.append(Finding(check, field.name, "the field is empty; expected a value"))
            elif found := self._field(field, value):
                findings.append(found)
        extra = fields[len(self._table[segment]) + 1 :]
        if any(extra):
            text = f"found {len(fields) - 1} fields; expected {len(self._table[segment])}, as this version defines"
            findings.append(Finding("R16", segment, text))
        return tuple(findings)

    def _is_waived(self, field: Field, fields: Sequence[str]) -> bool:
        """Required, but told of by its own check, or needless for a patient from abroad (PAT22)."""
        return field.name in _REQUIRED_BY_R_CHECK or (field.name in _ADDRESS and bool(fields[22]))

    def _field(self, field: Field, value: str) -> Finding | None:
        if field.name in _OWN_CHECK:
            return None
        if field.codes and value not in field.codes:
            check = "R13" if field.required else "R13.optional"
            return Finding(
                check, field.name, f"found {code_told(field.name, value)}; expected one of {_listing(field.codes)}"
            )
        if field.type == "DT":
            return self._date(field.name, value)
        if field.type == "TM" and not is_time(value):
            return Finding("R03.time", field.name, f"found {described(value)}; expected a time, HHMMSSZ")
        if len(value) > field.max_length:
            text = f"{len(value)} characters; expected at most {field.max_length}"
            return Finding("R15", field.name, text)
        return None

    def _date(self, name: str, value: str) -> Finding | None:
        """Name what is wrong with a date: R03, R04."""
        found_on = self._dates[value]
        if not found_on:
            return Finding("R03", name, f"found {described(value)}; expected a real date, CCYYMMDD")
        if found_on > self._today:
            return Finding("R04", name, "the date is in the future; expected today or earlier")
        return None

    def pharmacy(self, pha: Sequence[str]) -> tuple[Finding, ...]:
        """Name what is wrong with a pharmacy's header: single fields, R17 to R20."""
        findings = list(self.segment("PHA", pha))
        npi, ncpdp, dea = (text.strip() for text in pha[1:4])
        if not (npi or ncpdp or dea):
            findings.append(Finding("R18", "PHA03", "no DEA, NPI or NCPDP number; expected PHA01, PHA02 or PHA03"))
        elif len(dea or npi or ncpdp) > NUMBER_MAX:
            text = f"{len(dea or npi or ncpdp)} characters; expected the number alone"
            findings.append(Finding("R18", "PHA03" if dea else "PHA01" if npi else "PHA02", text))
        if dea and not self.dea[dea.upper()]:
            findings.append(
                Finding("R17", "PHA03", f"found {told(dea)}; expected a DEA number with a right check digit")
            )
        if npi and not self.npi[npi]:
            findings.append(Finding("R19", "PHA01", f"found {told(npi)}; expected an NPI with a right check digit"))
        if ncpdp and not ncpdp_is_valid(ncpdp):
            findings.append(
                Finding("R20", "PHA02", f"found {told(ncpdp)}; expected an NCPDP id with a right check digit")
            )
        return tuple(findings)

    def patient(self, pat: Sequence[str]) -> tuple[Finding, ...]:
        """Name what is wrong with a patient: single fields, R24 to R27."""
        findings = list(self.segment("PAT", pat))
        for qualifier, number in ((2, 3), (5, 6)):
            if pat[qualifier] and not pat[number]:
                text = f"the qualifier PAT{qualifier:02} is given and no id; expected the id"
                findings.append(Finding("R24", f"PAT{number:02}", text))
        if self._is_5 and pat[1] and not (pat[2] and pat[3]):
            text = "PAT01 is given without PAT02 and PAT03; expected all three, or none"
            findings.append(Finding("R24.pairs", "PAT01", text))
        if not pat[22]:
            if pat[15].strip() and not _STATE.fullmatch(pat[15]):
                findings.append(
                    Finding("R25", "PAT15", "this is no state; expected two letters, or a country in PAT22")
                )
            if pat[16].strip() and not _ZIP.fullmatch(pat[16]):
                findings.append(Finding("R25", "PAT16", "this is no ZIP code; expected 5 or 9 digits"))
        if pat[20] == "02" and not pat[23]:
            findings.append(Finding("R26", "PAT23", "an animal (PAT20 = 02) without a name; expected its name"))
        return (*findings, *_placeholders("PAT", (7, 8), pat))

    def prescriber(self, pre: Sequence[str]) -> tuple[Finding, ...]:
        """Name what is wrong with a prescriber: single fields, R17, R19, R23, R27."""
        findings = list(self.segment("PRE", pre))
        npi, dea = pre[1].strip(), pre[2].strip()
        if not npi and not dea:
            findings.append(Finding("R23", "PRE02", "neither DEA number nor NPI; expected PRE02, or PRE01 at least"))
        if pre[3] and not dea:
            text = "a suffix (PRE03) is given without the institution's DEA number; expected it in PRE02"
            findings.append(Finding("R24.pairs", "PRE03", text))
        if dea and not self.dea[dea.upper()]:
            text = f"found {described(dea)}; expected a DEA number with a right check digit"
            findings.append(Finding("R17.prescriber", "PRE02", text))
        if npi and not self.npi[npi]:
            findings.append(
                Finding("R19", "PRE01", f"found {described(npi)}; expected an NPI with a right check digit")
            )
        return (*findings, *_placeholders("PRE", (5, 6), pre))

    def additional(self, air: Sequence[str]) -> tuple[Finding, ...]:
        """Name what is wrong with the additional information: single fields, R24."""
        findings = list(self.segment("AIR", air))
        if air[2] and not air[1]:
            findings.append(
                Finding("R24", "AIR01", "a serial number (AIR02) without the state that gave it; expected it")
            )
        if air[3] and not (air[4] and (air[5] or self._is_5)):
            wanted = "AIR04" if self._is_5 else "AIR04 and AIR05"
            findings.append(Finding("R24.pairs", "AIR03", f"AIR03 is given without {wanted}; expected them with it"))
        return tuple(findings)


def _placeholders(segment: str, positions: tuple[int, ...], fields: Sequence[str]) -> list[Finding]:
    return [
        Finding("R27", f"{segment}{position:02}", "the name is a placeholder; expected the real name")
        for position in positions
        if fields[position].strip().upper() in PLACEHOLDERS
    ]


def code_told(name: str, value: str) -> str:
    """Tell a wrong code of a field; of the patient and who picked up, or what is longer than any code, only its shape."""
    is_personal = name.startswith(("PAT", "AIR")) or len(value) > 2
    return f"'{value}'" if not is_personal and value.isascii() and value.isalnum() else described(value)


def _listing(codes: frozenset[str]) -> str:
    return ", ".join(sorted(codes))
