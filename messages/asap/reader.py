"""Reading an ASAP file: whether it holds together, then its records, some dozens at a time (R45, R46)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from messages.asap.blocks import Blocks
from messages.asap.faults import Fault, Finding, Ledger, printable
from messages.asap.frame import open_frame
from messages.asap.header import read_header
from messages.asap.report import FileReport, PharmacyCounts, Verdict
from messages.asap.severities import CheckRules
from messages.asap.structure import Structure
from messages.asap.values import Header, Pharmacy, Record, ZeroReport


class Reading:
    """One file being read.

    Once made, ``failed`` and ``header`` are final: the structure has been walked, nothing found later fails
    the file. ``chunks`` is then walked once, to its end; ``pharmacies``, ``zero_reports``, ``verdict`` and
    ``report`` grow with it and are final behind it. A record's pharmacy is there when the record is handed
    on.

    A test file (``header.is_test``) is read like any other: it is the caller who must not store it.
    """

    def __init__(self, body: bytes, rules: CheckRules) -> None:
        self._rules = rules
        self._ledger = Ledger(rules)
        self._blocks: Blocks | None = None
        self.header: Header | None = None
        self.content_digest = ""
        if len(body) > rules.body_bytes_max:
            text = f"the file has more than {rules.body_bytes_max} bytes; expected a smaller file"
            self._ledger.note(Finding("F15", "", text), 0)
            return
        frame = open_frame(body)
        if isinstance(frame, Finding):
            self._ledger.note(frame, 1)
            return
        self.header = read_header(frame, rules, self._ledger)
        if self.header.version in rules.versions:  # the order of another version's segments is not ours to judge
            structure = Structure(frame, self.header, rules, self._ledger)
            structure.walk()
            self.content_digest = str(structure.content)
            self._blocks = Blocks(frame, self.header, rules, self._ledger)

    @property
    def failed(self) -> bool:
        """Whether the file fails as a whole: nothing of it may be stored (R46)."""
        return self._ledger.failed

    @property
    def pharmacies(self) -> Sequence[Pharmacy]:
        """The pharmacies read so far; ``record.pharmacy`` is an index into them."""
        return self._blocks.pharmacies if self._blocks else ()

    @property
    def zero_reports(self) -> Sequence[ZeroReport]:
        """The zero reports read so far."""
        return self._blocks.zero_reports if self._blocks else ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults to be told of, so far."""
        return self._ledger.listed

    @property
    def verdict(self) -> Verdict:
        """What becomes of the file."""
        if self.failed or self.header is None:
            return "failed"
        if self.header.is_test:
            return "test"
        if self.header.voids:
            return "void"
        has_records = any(tally.total for tally in self._blocks.tallies) if self._blocks else False
        return "zero_report" if self.zero_reports and not has_records else "accepted"

    def chunks(self) -> Iterator[list[Record]]:
        """Hand on the records in order, ``rules.chunk_records`` at a time; none of a failed file."""
        if self.failed or self._blocks is None:
            return
        records = self._blocks.records()
        while chunk := list(islice(records, self._rules.chunk_records)):
            yield chunk

    def report(self) -> FileReport:
        """Give the report on what has been read."""
        blocks = self._blocks
        counts = zip(blocks.pharmacies, blocks.tallies, strict=True) if blocks else ()
        return FileReport(
            version=printable(self.header.version) if self.header else None,
            transaction=printable(self.header.control_number) if self.header else None,
            verdict=self.verdict,
            pharmacies=tuple(
                PharmacyCounts(
                    dea=printable(pharmacy.dea) or "",
                    ncpdp=printable(pharmacy.ncpdp) or "",
                    npi=printable(pharmacy.npi) or "",
                    total=tally.total,
                    valid=tally.total - tally.with_errors,
                    with_warnings=tally.with_warnings,
                    with_errors=tally.with_errors,
                )
                for pharmacy, tally in counts
            ),
            faults=self._ledger.listed,
            faults_total=self._ledger.total,
        )
