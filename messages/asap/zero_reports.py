"""Zero reports: which days a pharmacy had nothing to report for (R42). What they leave empty is waived."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from messages.asap.dispensing import VOID
from messages.asap.faults import Finding, Ledger
from messages.asap.severities import CheckRules
from messages.asap.values import Memo, Pharmacy, ZeroReport

_PERIOD = re.compile(r"\s*#([0-9]{8})#-#([0-9]{8})#")
# What is meant to be a period, and no message of another kind: something between two #, or a date.
_MEANT_AS_PERIOD = re.compile(r"\s*(?:#[^#]*#|[0-9]{8}(?![0-9]))")
_DAYS_MAX: Final = 366


class Period(NamedTuple):
    """From one day to another, both included; ``counts`` unless it has an error."""

    begins_on: str
    ends_on: str
    counts: bool


class ZeroReports:
    """Reads the zero reports of one file. A source's period (IS03) is that of all its pharmacies, and faulted once."""

    def __init__(self, rules: CheckRules, ledger: Ledger, dates: Memo[str]) -> None:
        self._today, self._ledger, self._dates = rules.today.isoformat(), ledger, dates
        self._message, self._message_line = "", 0
        self._of_message: Period | None = None

    def under(self, message: str, line: int) -> None:
        """What is read from now on stands under this IS03."""
        self._message, self._message_line, self._of_message = message, line, None

    def read(
        self, pharmacy: Pharmacy, dsp: Sequence[str], line: int, *, patient_line: int, beside_records: bool
    ) -> ZeroReport:
        """Give a zero report; its period is IS03's, else the one day of DSP05."""
        day = self._dates[dsp[5]]
        if not _MEANT_AS_PERIOD.match(self._message):
            period = self._judged("DSP05", day, day, line, pharmacy)
        elif self._of_message is None:
            found = _PERIOD.match(self._message)
            begins_on, ends_on = map(self._dates.__getitem__, found.groups() if found else ("", ""))
            period = self._of_message = self._judged("IS03", begins_on, ends_on, self._message_line)
        else:
            period = self._of_message
        counts = period.counts and pharmacy.is_valid
        if dsp[1] == VOID:
            text = "a zero report cannot be voided; expected the records that there were, or 00"
            counts &= self._note(Finding("R01.zero", "DSP01", text), line, pharmacy)
        if beside_records:
            text = "a zero report (REPORT ZERO) beside records of the same pharmacy; expected the one or the other"
            counts &= self._note(Finding("R27.zero", "PAT07", text), patient_line, pharmacy)
        return ZeroReport(pharmacy.index, period.begins_on, period.ends_on, line, counts)

    def _judged(self, field: str, begins_on: str, ends_on: str, line: int, pharmacy: Pharmacy | None = None) -> Period:
        found = self._finding(field, begins_on, ends_on)
        return Period(begins_on, ends_on, found is None or self._note(found, line, pharmacy))

    def _finding(self, field: str, begins_on: str, ends_on: str) -> Finding | None:
        """Name what is wrong with a period: that it is none (R03), is not over (R04), or cannot be meant (R12)."""
        if not (begins_on and ends_on):
            text = "a zero report without its period; expected the day it covers, CCYYMMDD, or #CCYYMMDD#-#CCYYMMDD# in IS03"
            if field == "IS03":
                text = "this is no period of a zero report; expected two real dates, as #CCYYMMDD#-#CCYYMMDD#"
            return Finding("R03.zero", field, text)
        if ends_on < begins_on:
            return Finding(
                "R03.zero", field, "the zero report's period ends before it begins; expected the first day first"
            )
        if ends_on > self._today:
            return Finding(
                "R04.zero",
                field,
                "the zero report's period ends in the future; expected one that ends today or earlier",
            )
        days = (date.fromisoformat(ends_on) - date.fromisoformat(begins_on)).days + 1
        if days > _DAYS_MAX:
            return Finding("R12.zero", field, f"the zero report's period has {days} days; expected at most a year")
        return None

    def _note(self, finding: Finding, line: int, pharmacy: Pharmacy | None) -> bool:
        """Note a fault, of a source's period nobody's; tell whether the zero report counts all the same."""
        fault = self._ledger.note(finding, line, pharmacy=None if pharmacy is None else pharmacy.told)
        return fault is None or fault.severity != "error"
