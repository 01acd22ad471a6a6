"""The second pass over a file of sure structure: its pharmacies, their records and zero reports, counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from messages.asap.faults import Ledger, pharmacy_told
from messages.asap.frame import Frame
from messages.asap.records import Patient, RecordReader
from messages.asap.severities import CheckRules
from messages.asap.values import Header, Pharmacy, Record, ZeroReport
from messages.asap.zero_reports import ZeroReports

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
        self._frame, self._ledger = frame, ledger
        self._reader = RecordReader(frame, header.version, rules, ledger)
        self._zero_reader = ZeroReports(rules, ledger, self._reader.dates)
        self._zeros: list[tuple[Sequence[str], int, int]] = []
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
                    else:
                        self._end_block()
                elif name == "TT":
                    return  # a setting may allow more data behind it (F13): it is not read
                else:
                    self._read_other(name, piece, line)

    def _read_dispensation(
        self, patient: Patient, texts: tuple[str, str, Sequence[str], str], line: int
    ) -> Record | None:
        if patient.is_zero:
            dsp = self._reader.segments["DSP"].read(texts[0])[0]
            self._zeros.append((dsp, line, patient.line))
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
            self._zero_reader.under(fields[3], line)
        if not is_clean:
            for finding in self._reader.checks.segment(name, fields):
                self._ledger.note(finding, line, of="header")

    def _read_pharmacy(self, pha: Sequence[str], line: int) -> None:
        npi, ncpdp, dea = pha[1].strip(), pha[2].strip(), pha[3].strip().upper()
        told = pharmacy_told(dea, ncpdp, npi)
        noted = [self._ledger.note(finding, line, pharmacy=told) for finding in self._reader.checks.pharmacy(pha)]
        faults = tuple(fault for fault in noted if fault is not None)
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

    def _end_block(self) -> None:
        """Read the zero reports of a pharmacy, once it is known whether it has records too."""
        for dsp, line, patient_line in self._zeros:
            pharmacy, has_records = self.pharmacies[-1], self.tallies[-1].total > 0
            self.zero_reports.append(
                self._zero_reader.read(pharmacy, dsp, line, patient_line=patient_line, beside_records=has_records)
            )
        self._zeros.clear()
