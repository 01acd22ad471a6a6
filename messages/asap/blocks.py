"""The second pass over a file of sure structure: its pharmacies, their records and zero reports, counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from messages.asap.faults import Finding, Ledger
from messages.asap.frame import Frame
from messages.asap.records import Patient, RecordReader
from messages.asap.severities import CheckRules
from messages.asap.values import Header, Pharmacy, Record, ZeroReport

_PERIOD = re.compile(r"\s*#([0-9]{8})#-#([0-9]{8})#")
_ENDS_RECORD = frozenset({"PAT", "DSP", "TP"})


@dataclass(slots=True)
class Tally:
    """A pharmacy's records; those ``with_errors`` cannot be stored, those ``with_warnings`` can."""

    total: int = 0
    with_errors: int = 0
    with_warnings: int = 0


class Blocks:
    """Walks the segments once and puts together what belongs together."""

    def __init__(self, frame: Frame, header: Header, rules: CheckRules, ledger: Ledger) -> None:
        self._frame, self._rules, self._ledger = frame, rules, ledger
        self._reader = RecordReader(frame, header.version, rules, ledger)
        self._message = ""
        self.pharmacies: list[Pharmacy] = []
        self.tallies: list[Tally] = []
        self.zero_reports: list[ZeroReport] = []

    def records(self) -> Iterator[Record]:
        """Hand on the file's records; zero reports and pharmacies are kept as they come by."""
        separator = self._frame.separator
        patient = Patient("", 0, (), (), False)
        dsp = pre = air = ""
        cdi: list[str] = []
        line = dsp_line = 0
        for window in self._frame.windows():
            for piece in window:
                line += 1
                name = piece.partition(separator)[0]
                if name == "PRE":
                    pre = piece
                elif name == "AIR":
                    air = piece
                elif name == "CDI":
                    cdi.append(piece)
                elif name in _ENDS_RECORD:
                    record = self._read_dispensation(patient, (dsp, pre, cdi, air), dsp_line) if dsp else None
                    if record is not None:
                        yield record
                    dsp, cdi, air = "", [], ""
                    if name == "DSP":
                        dsp, dsp_line = piece, line
                    elif name == "PAT":
                        patient = self._reader.patient(piece, line)
                elif name == "TT":
                    return  # a setting may allow more data behind it (F13): it is not read
                else:
                    self._read_other(name, piece, line)

    def _read_dispensation(
        self, patient: Patient, texts: tuple[str, str, Sequence[str], str], line: int
    ) -> Record | None:
        if patient.is_zero:
            self._read_zero_report(texts[0], line)
            return None
        record = self._reader.record(self.pharmacies[-1], patient, texts, line)
        tally = self.tallies[-1]
        tally.total += 1
        if not record.is_valid:
            tally.with_errors += 1
        elif record.faults:
            tally.with_warnings += 1
        return record

    def _read_other(self, name: str, text: str, line: int) -> None:
        if name not in {"TH", "IS", "PHA"}:  # a segment that a setting lets pass (F06)
            return
        fields, is_clean = self._reader.segments[name].read(text)
        if name == "PHA":
            self._read_pharmacy(fields, line)
            return
        if name == "IS":
            self._message = fields[3]
        if not is_clean:
            for finding in self._reader.checks.segment(name, fields):
                self._ledger.note(finding, line, of="header")

    def _read_pharmacy(self, pha: Sequence[str], line: int) -> None:
        noted = [self._ledger.note(finding, line) for finding in self._reader.checks.pharmacy(pha)]
        faults = tuple(fault for fault in noted if fault is not None)
        npi, ncpdp, dea = pha[1].strip(), pha[2].strip(), pha[3].strip().upper()
        pharmacy = Pharmacy(
            index=len(self.pharmacies),
            line=line,
            dea=dea,
            ncpdp=ncpdp,
            npi=npi,
            dispenser=dea or npi or ncpdp,
            name=pha[4].strip(),
            fields=pha,
            faults=faults,
            is_valid=not any(fault.severity == "error" for fault in faults),
        )
        self.pharmacies.append(pharmacy)
        self.tallies.append(Tally())

    def _read_zero_report(self, dsp_text: str, line: int) -> None:
        """Keep a zero report; its period is IS03's, else the one day of DSP05. Other fields are waived."""
        pharmacy = self.pharmacies[-1]
        dsp = self._reader.segments["DSP"].read(dsp_text)[0]
        begins_on = ends_on = ""
        if period := _PERIOD.match(self._message):
            begins_on, ends_on = (self._reader.dates[day] for day in period.groups())
        if not begins_on or not ends_on or ends_on < begins_on:
            begins_on = ends_on = self._reader.dates[dsp[5]]
        fault = None
        if not begins_on:
            text = "a zero report without its period; expected #CCYYMMDD#-#CCYYMMDD# in IS03 or the day in DSP05"
            fault = self._ledger.note(Finding("R03.zero", "DSP05", text), line)
        elif ends_on > self._rules.today.isoformat():
            text = "the zero report's period (IS03, else DSP05) ends in the future; expected today or earlier"
            fault = self._ledger.note(Finding("R04.zero", "DSP05", text), line)
        is_valid = pharmacy.is_valid and bool(begins_on) and (fault is None or fault.severity != "error")
        self.zero_reports.append(ZeroReport(pharmacy.index, begins_on, ends_on, line, is_valid))
