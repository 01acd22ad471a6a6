"""A list of records in JSON is read as a file is: the same checks, the same report (R45, R46)."""

from __future__ import annotations

from datetime import datetime

from handlers.reading import Detail, ReadSubmission, check_rules, open_error, runs_of
from handlers.rules.policy import Policy
from handlers.rules.records import RecordChecks, dispensed_on, dispenser_findings, numbers_of
from messages.asap.content import ContentDigest
from messages.asap.faults import Fault, Ledger, Subject, pharmacy_told, printable
from messages.asap.report import FileReport, PharmacyCounts
from messages.asap.severities import CheckRules
from messages.asap.values import Pharmacy, Status
from messages.dispensation import DispensationRecordsSubmitted, Dispenser, Record
from messages.record_layout import NAMES, laid_part
from store.contract import as_text
from store.dispensations import Content, marked
from store.submissions import OpenError

VERSION = "JSON"


class _ListReader:
    """Checks one record after the other and counts per dispenser."""

    def __init__(self, rules: CheckRules, created_at: str) -> None:
        self._checks, self._created_at = RecordChecks(rules), created_at
        self.ledger = Ledger(rules)
        self.content = ContentDigest()
        self.pharmacies: dict[tuple[object, ...], Pharmacy] = {}
        self.counts: list[dict[str, int]] = []
        self.kept: list[tuple[int, Status, Content, int, Detail]] = []
        self.errors: list[OpenError] = []

    def read(self, record: Record, line: int) -> None:
        """Keep a record, or what its correction will be known by."""
        pharmacy = self._pharmacy(record.dispenser, line)
        original = record.model_dump_json(exclude_none=True)
        self.content.add_record(original)
        content = self._checks.content(record, original, said_at=self._created_at)
        number, filled_on = printable(content.prescription_number), content.filled_on
        of: Subject = "void" if record.status == "void" else "record"
        noted = [
            self.ledger.note(finding, line, pharmacy=pharmacy.told, prescription=number, fill_date=filled_on, of=of)
            for finding in self._checks.findings(record, content)
        ]
        faults = [fault for fault in noted if fault is not None]
        counts = self.counts[pharmacy.index]
        counts["total"] += 1
        if not pharmacy.is_valid or any(fault.severity == "error" for fault in faults):
            counts["with_errors"] += 1
            wrong = (*faults, *pharmacy.faults)
            self.errors.append(open_error(content, wrong, NAMES.__getitem__))
            return
        counts["with_warnings"] += bool(faults)
        if faults:
            content = marked(content, "", " ".join(fault.check for fault in faults))
        detail = Detail(
            dispensed_on(record),
            record.patient.location or "",
            record.treatment_type or "",
        )
        self.kept.append((pharmacy.index, record.status, content, line, detail))

    def _pharmacy(self, dispenser: Dispenser, line: int) -> Pharmacy:
        """Give the dispenser as a file's pharmacy; what is wrong with it is said once, where it stands first."""
        said = tuple(vars(dispenser).values())
        if said not in self.pharmacies:
            dea, npi, ncpdp = numbers_of(dispenser)
            told = pharmacy_told(dea, ncpdp, npi)
            noted = [self.ledger.note(finding, line, pharmacy=told) for finding in dispenser_findings(dispenser)]
            faults = tuple(fault for fault in noted if fault is not None)
            self.pharmacies[said] = _pharmacy_of(dispenser, len(self.pharmacies), line, faults)
            self.counts.append({"total": 0, "with_warnings": 0, "with_errors": 0})
        return self.pharmacies[said]


def read_list(message: DispensationRecordsSubmitted, now: datetime, policy: Policy) -> ReadSubmission:
    """Check a list of records as a file's; those at fault are left out of the runs."""
    rules = check_rules(policy, policy.local_date(now))
    created_at = as_text(min(message.created_at or now, now))
    reader = _ListReader(rules, created_at)
    for line, record in enumerate(message.records, start=1):
        reader.read(record, line)
    pharmacies = tuple(reader.pharmacies.values())
    report = FileReport(
        version=VERSION,
        transaction=message.transaction,
        verdict="accepted",
        pharmacies=tuple(
            PharmacyCounts(
                dea=printable(one.dea) or "",
                ncpdp=printable(one.ncpdp) or "",
                npi=printable(one.npi) or "",
                valid=counts["total"] - counts["with_errors"],
                **counts,
            )
            for one, counts in zip(pharmacies, reader.counts, strict=True)
        ),
        faults=reader.ledger.listed,
        faults_total=reader.ledger.total,
    )
    return ReadSubmission(
        report, message.transaction, created_at, str(reader.content), rules, pharmacies, (), runs_of(reader.kept),
        tuple(reader.errors),
    )  # fmt: skip


def _pharmacy_of(dispenser: Dispenser, index: int, line: int, faults: tuple[Fault, ...]) -> Pharmacy:
    dea, npi, ncpdp = numbers_of(dispenser)
    fields = laid_part("PHA", vars(dispenser), Dispenser)
    is_valid = not any(fault.severity == "error" for fault in faults)
    return Pharmacy(index, line, dea, ncpdp, npi, dea or npi or ncpdp, fields[4].strip(), fields, faults, is_valid)
