"""A list of records in JSON is read as a file is: the same checks, the same report (R45, R46)."""

from __future__ import annotations

from datetime import datetime

from handlers.reading import Detail, ReadSubmission, check_rules, runs_of
from handlers.rules.policy import Policy
from handlers.rules.records import content_of, findings_of
from messages.asap.faults import Fault, Ledger
from messages.asap.report import FileReport, PharmacyCounts
from messages.asap.severities import CheckRules
from messages.asap.values import Pharmacy, Status
from messages.dispensation import DispensationRecordsSubmitted, Dispenser, Record
from store.contract import as_text
from store.dispensations import Content
from store.submissions import OpenError

VERSION = "JSON"


class _ListReader:
    """Checks one record after the other and counts per dispenser."""

    def __init__(self, rules: CheckRules, created_at: str) -> None:
        self._rules, self._created_at = rules, created_at
        self.ledger = Ledger(rules)
        self.pharmacies: dict[Dispenser, Pharmacy] = {}
        self.counts: list[dict[str, int]] = []
        self.kept: list[tuple[int, Status, Content, int, Detail]] = []
        self.errors: list[OpenError] = []

    def read(self, record: Record, line: int) -> None:
        """Keep a record, or what its correction will be known by."""
        today, ledger, filled_on = self._rules.today, self.ledger, record.filled_on.isoformat()
        noted = [
            ledger.note(finding, line, prescription=record.prescription_number, fill_date=filled_on)
            for finding in findings_of(record, today)
        ]
        faults = [fault for fault in noted if fault is not None]
        warnings = " ".join(fault.check for fault in faults)
        original = record.model_dump_json(exclude_none=True)
        content = content_of(record, original, today, said_at=self._created_at, warnings=warnings)
        place = self._place(record.dispenser, line)
        counts = self.counts[place]
        counts["total"] += 1
        if any(fault.severity == "error" for fault in faults):
            counts["with_errors"] += 1
            self.errors.append(open_error(content, faults))
            return
        counts["with_warnings"] += bool(faults)
        detail = Detail(
            (record.sold_on or record.filled_on).isoformat(),
            record.patient.location or "",
            record.treatment_type or "",
        )
        self.kept.append((place, record.status, content, line, detail))

    def _place(self, dispenser: Dispenser, line: int) -> int:
        known = self.pharmacies.get(dispenser)
        if known is None:
            known = self.pharmacies[dispenser] = pharmacy_of(dispenser, len(self.pharmacies), line)
            self.counts.append({"total": 0, "with_warnings": 0, "with_errors": 0})
        return known.index


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
                dea=one.dea, ncpdp=one.ncpdp, npi=one.npi, valid=counts["total"] - counts["with_errors"], **counts
            )
            for one, counts in zip(pharmacies, reader.counts, strict=True)
        ),
        faults=reader.ledger.listed,
        faults_total=reader.ledger.total,
    )
    return ReadSubmission(
        report, message.transaction, created_at, rules, pharmacies, (), runs_of(reader.kept), tuple(reader.errors)
    )


def pharmacy_of(dispenser: Dispenser, index: int = 0, line: int = 0) -> Pharmacy:
    """Give a record's dispenser as a file's pharmacy."""
    dea, npi, ncpdp = (dispenser.dea or "").upper(), dispenser.npi or "", dispenser.ncpdp or ""
    return Pharmacy(index, line, dea, ncpdp, npi, dea or npi or ncpdp, dispenser.name or "", (), (), True)


def open_error(content: Content, faults: list[Fault]) -> OpenError:
    """What a later record must match to be this one's correction; what is itself at fault matches any."""
    fields = {fault.field or "" for fault in faults if fault.severity == "error"}
    return OpenError(
        dispenser="" if any(field.startswith("dispenser") for field in fields) else content.dispenser,
        prescription_number=content.prescription_number,
        filled_on="" if "filled_on" in fields else content.filled_on,
        checks=" ".join(sorted({fault.check for fault in faults if fault.severity == "error"})),
    )
