"""One record, read and checked. Everything here runs once per record: it is kept quick.

A record is first *proved* faultless: one pattern per segment, then a few comparisons on values remembered
from earlier records. What cannot be proved is looked at check by check (``fields``, ``dispensing``), and
that look alone decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from messages.asap.dispensing import NDC, VOID, DispensingChecks, small_number
from messages.asap.faults import Fault, Finding, Ledger, Subject, printable
from messages.asap.fields import NO_FINDINGS, PLACEHOLDERS, FieldChecks
from messages.asap.frame import Frame
from messages.asap.patterns import clean
from messages.asap.severities import CheckRules
from messages.asap.table import table
from messages.asap.values import Memo, Pharmacy, Record, Status, iso_date

_STATUSES: Final[dict[str, Status]] = {"00": "new", "01": "revise", "02": "void"}
_NO_FAULTS: tuple[Fault, ...] = ()

# The last fields of a Record: PRE, CDI, AIR, text, line, is_valid, faults.
Rest = tuple[Sequence[str], tuple[Sequence[str], ...], Sequence[str], str, int, bool, tuple[Fault, ...]]
Checked = tuple[Sequence[str], tuple[Finding, ...]]


class Patient(NamedTuple):
    """A PAT segment, for all dispensations behind it. ``is_zero``: it reads REPORT ZERO and is no person."""

    text: str
    line: int
    fields: Sequence[str]
    findings: tuple[Finding, ...]
    is_zero: bool


class SegmentReader:
    """Splits the segments of one kind, padded to the version's width, and tells whether each is clean."""

    __slots__ = ("_is_clean", "_separator", "_width", "blank")

    def __init__(self, version: str, segment: str, separator: str) -> None:
        self._width = len(table(version)[segment])
        self._separator = separator
        self._is_clean = clean(version, segment, separator).fullmatch
        self.blank = ("",) * (self._width + 1)

    def read(self, text: str) -> tuple[list[str], bool]:
        """Give the fields (``[7]`` is PAT07 in PAT) and whether no single one of them can be at fault."""
        short = self._width - text.count(self._separator)
        if short > 0:
            text += self._separator * short
        return text.split(self._separator), self._is_clean(text) is not None


class RecordReader:
    """Reads and checks the records of one file."""

    def __init__(self, frame: Frame, version: str, rules: CheckRules, ledger: Ledger) -> None:
        self._rules, self._ledger, self._terminator = rules, ledger, frame.terminator
        self.dates = Memo(iso_date)
        self.checks = FieldChecks(version, rules.today, self.dates)
        self._dispensing = DispensingChecks(version, rules, self.checks, self.dates)
        self.segments = {name: SegmentReader(version, name, frame.separator) for name in table(version)}
        self._air_dates = tuple(field.position for field in table(version)["AIR"] if field.type == "DT")
        self._prescribers = Memo(self._read_prescriber)
        self._numbers = Memo(lambda text: small_number(text, 999) or 0)
        self._today = rules.today.strftime("%Y%m%d")
        self._ancient = date(rules.today.year - 120, 12, 31).strftime("%Y%m%d")

    def patient(self, text: str, line: int) -> Patient:
        """Read and check a PAT segment."""
        pat, is_clean = self.segments["PAT"].read(text)
        last, first, born = pat[7].upper(), pat[8].upper(), pat[18]
        if (
            is_clean
            and born <= self._today
            and self.dates[born]
            and last not in PLACEHOLDERS
            and first not in PLACEHOLDERS
            and (pat[3] or not pat[2])
            and (pat[6] or not pat[5])
            and (pat[23] or pat[20] != "02")
            and (not pat[1] or (pat[2] and pat[3]))
        ):
            return Patient(text, line, pat, NO_FINDINGS, False)
        if last.strip() == "REPORT" and first.strip() == "ZERO":
            return Patient(text, line, pat, NO_FINDINGS, True)
        return Patient(text, line, pat, self.checks.patient(pat), False)

    def record(
        self, pharmacy: Pharmacy, patient: Patient, texts: tuple[str, str, Sequence[str], str], line: int
    ) -> Record:
        """Read and check a dispensation.

        ``texts`` are its DSP, PRE, CDI and AIR segments, AIR '' when there is none; ``line`` is where DSP
        stands.
        """
        dsp_text, pre_text, cdi_texts, air_text = texts
        dsp, is_clean = self.segments["DSP"].read(dsp_text)
        pre, pre_findings = self._prescribers[pre_text]
        air, air_findings = self._read_extra(air_text)
        pat = patient.fields
        cdi: tuple[Sequence[str], ...] = ()
        faults = _NO_FAULTS
        is_valid = pharmacy.is_valid
        if not (
            is_clean
            and not (patient.findings or pre_findings or air_findings or cdi_texts)
            and self._is_faultless(pat, dsp)
        ):
            cdi = tuple(self.segments["CDI"].read(text)[0] for text in cdi_texts)
            if dsp[1] == VOID:
                found = [(line, self._dispensing.void(dsp))]
            else:
                found = self._look_closer(patient, dsp, cdi, line)
                found += [(line + 1, pre_findings), (line + 2 + len(cdi), air_findings)]
            faults = self._note(found, dsp, pharmacy)
            is_valid = is_valid and not any(fault.severity == "error" for fault in faults)
        text = self._terminator.join((patient.text, dsp_text, pre_text, *cdi_texts))
        if air_text:
            text += self._terminator + air_text
        return self._assemble(pharmacy, pat, dsp, (pre, cdi, air, text, line, is_valid, faults))

    def _assemble(self, pharmacy: Pharmacy, pat: Sequence[str], dsp: Sequence[str], rest: Rest) -> Record:
        product = dsp[8]
        # Of a void it is not looked at, and would tell up to when the dispenser has reported (R42).
        sold_on = "" if dsp[1] == VOID else self.dates[dsp[17]]
        return Record(
            pharmacy.index,
            pharmacy.dispenser,
            _STATUSES.get(dsp[1], "new"),
            dsp[2].strip(),
            self.dates[dsp[5]],
            self._numbers[dsp[6]],
            self._dispensing.quantities[dsp[9]],
            self._numbers[dsp[13]],
            self._numbers[dsp[10]],
            self._dispensing.ndcs[product] or product if dsp[7] == NDC else product,
            self._dispensing.ingredients(dsp, rest[1]) if rest[1] else "",
            self.dates[dsp[3]],
            sold_on,
            self.dates[pat[18]],
            pat,
            dsp,
            *rest,
        )

    def _is_faultless(self, pat: Sequence[str], dsp: Sequence[str]) -> bool:
        """Prove that segments which are clean in themselves fit together. False proves nothing."""
        filled, sold, days = dsp[5], dsp[17], self._numbers[dsp[10]]
        return bool(
            dsp[3] <= filled <= self._today
            and self.dates[filled]
            and self.dates[dsp[3]]
            and self._ancient < pat[18] <= filled
            and (not sold or (filled <= sold <= self._today and self.dates[sold]))
            and self._numbers[dsp[6]] <= self._numbers[dsp[4]]
            and self._dispensing.quantities[dsp[9]]
            and 0 < days <= 365
            and dsp[7] == NDC
            and dsp[8]
            and self._dispensing.ndcs[dsp[8]] == dsp[8]
            and (not dsp[14] or self.checks.npi[dsp[14]])
            and (not dsp[18]) is (not dsp[19])
            and (not dsp[20]) is (not dsp[21])
        )

    def _look_closer(
        self,
        patient: Patient,
        dsp: Sequence[str],
        cdi: Sequence[Sequence[str]],
        line: int,
    ) -> list[tuple[int, tuple[Finding, ...]]]:
        found = [(patient.line, (*patient.findings, *self._dispensing.age(patient.fields, dsp)))]
        found.append((line, self._dispensing.dispensation(dsp, len(cdi))))
        for ordinal, ingredient in enumerate(cdi, start=1):
            found.append((line + 1 + ordinal, self._dispensing.ingredient(ingredient, ordinal)))
        return found

    def _note(
        self, found: Sequence[tuple[int, tuple[Finding, ...]]], dsp: Sequence[str], pharmacy: Pharmacy
    ) -> tuple[Fault, ...]:
        prescription, filled_on = printable(dsp[2].strip()), self.dates[dsp[5]] or None
        of: Subject = "void" if dsp[1] == VOID else "record"
        whose = pharmacy.told
        noted = (
            self._ledger.note(finding, line, pharmacy=whose, prescription=prescription, fill_date=filled_on, of=of)
            for line, findings in found
            for finding in findings
        )
        return tuple(fault for fault in noted if fault is not None)

    def _read_prescriber(self, text: str) -> Checked:
        pre, is_clean = self.segments["PRE"].read(text)
        npi, dea = pre[1], pre[2]
        if (
            is_clean
            and (dea or (npi and not pre[3]))
            and (not dea or self.checks.dea[dea])
            and (not npi or self.checks.npi[npi])
            and pre[5].upper() not in PLACEHOLDERS
            and pre[6].upper() not in PLACEHOLDERS
        ):
            return pre, NO_FINDINGS
        return pre, self.checks.prescriber(pre)

    def _read_extra(self, text: str) -> Checked:
        if not text:
            return self.segments["AIR"].blank, NO_FINDINGS
        air, is_clean = self.segments["AIR"].read(text)
        if is_clean and (air[1] or not air[2]) and not air[3] and not any(map(air.__getitem__, self._air_dates)):
            return air, NO_FINDINGS
        return air, self.checks.additional(air)
