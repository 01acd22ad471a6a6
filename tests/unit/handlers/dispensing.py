"""Made-up records, files, drugs and dispensers for the pharmacies' tests. The bench's today is Monday, 15 June 2026."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from handlers.outcomes import Done, Outcome
from messages.asap.writer import Dispensing, write_transaction
from messages.dispensation import DispensationFileSubmitted
from messages.dispenser import DispenserRegistered
from store import drugs
from store.contract import Transaction
from store.drugs import Drug
from tests.unit.handlers.bench import Bench

CREATED = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
PHARMACY = {"PHA01": "1234567893", "PHA02": "0700004", "PHA03": "AB1234563", "PHA04": "EXAMPLE PHARMACY"}
OPIOID, NERVE, RESCUE, UNLISTED = "99901000101", "99901000401", "99901000501", "99902000101"
TABLE = (
    Drug("999010001", "EXAMPLE OPIOID", "II", "opioid", "over_48_hours", True),
    Drug("999010004", "EXAMPLE GABAPENTIN", "", "", "over_48_hours", True),
    Drug("999010005", "EXAMPLE NALOXONE", "", "", "any_supply", False),
)


def dispensing(number: str = "700001", status: str = "00", **fields: str) -> Dispensing:
    """One record that passes every check; filled on Friday, it is in time on Monday."""
    values = {
        "PAT07": "EXAMPLE", "PAT08": "ROBIN", "PAT12": "1 EXAMPLE ST", "PAT14": "HARTFORD", "PAT15": "CT",
        "PAT16": "06103", "PAT18": "19800101", "PAT19": "F", "PAT20": "01", "DSP01": status, "DSP02": number,
        "DSP03": "20260610", "DSP04": "0", "DSP05": "20260612", "DSP06": "0", "DSP07": "01", "DSP08": OPIOID,
        "DSP09": "30", "DSP10": "10", "DSP11": "01", "DSP12": "05", "DSP13": "00", "DSP16": "04",
        "PRE01": "1234567893", "PRE02": "AB1234563", "PRE05": "PRESCRIBER", "PRE06": "SAM",
    } | fields  # fmt: skip
    return Dispensing(values, ())


def json_record(number: str = "800001", **fields: Any) -> dict[str, Any]:
    """One record in JSON that passes every check."""
    return {
        "dispenser": {"dea": "AB1234563"},
        "patient": {
            "last_name": "EXAMPLE", "first_name": "ROBIN", "address": "1 EXAMPLE ST", "city": "HARTFORD",
            "state": "CT", "zip": "06103", "date_of_birth": "1980-01-01", "gender": "F",
        },
        "prescriber": {"dea": "AB1234563", "last_name": "PRESCRIBER", "first_name": "SAM"},
        "prescription_number": number, "written_on": "2026-06-10", "refills_authorized": 0,
        "filled_on": "2026-06-12", "fill_number": 0, "product_id": OPIOID, "quantity": "30", "days_supply": 10,
        "payment_type": "04",
    } | fields  # fmt: skip


def file(
    transaction: str, *dispensings: Dispensing, created_at: datetime = CREATED, version: str = "4.2B", **pharmacy: str
) -> bytes:
    """A transaction of one pharmacy."""
    return write_transaction(version, transaction, created_at, [(PHARMACY | pharmacy, dispensings)])


def as_test(body: bytes) -> bytes:
    """The same as a test file (TH07)."""
    head, mark, rest = body.partition(b"*P*")
    return head + b"*T*" + rest if mark else body


async def hand_in(bench: Bench, body: bytes, *, sender: str = "gateway") -> dict[str, Any]:
    """Hand in a file; return its report."""
    outcome = await bench.send(DispensationFileSubmitted(body=body, file_name="example.dat"), sender=sender)
    assert isinstance(outcome, Done)
    assert outcome.result is not None
    return dict(outcome.result)


async def register(bench: Bench, **particulars: Any) -> Outcome:
    """Register the example pharmacy."""
    given: dict[str, Any] = {
        "dea": "AB1234563", "npi": "1234567893", "ncpdp": "0700004", "name": "EXAMPLE PHARMACY",
        "dispenser_kind": "pharmacy", "contact_email": "pharmacy@example.org",
    }  # fmt: skip
    return await bench.send(DispenserRegistered(**(given | particulars)))


async def load_drugs(bench: Bench, table: Sequence[Drug] = TABLE) -> None:
    """Load the table of monitored drugs."""

    async def unit(tx: Transaction) -> None:
        await drugs.put_all(tx, table, now=bench.now)

    await bench.store.write(unit)


async def kept(bench: Bench, columns: str = "marks, warnings") -> list[tuple[Any, ...]]:
    """What is kept of each record, by prescription number."""
    cursor = await bench.store._reader.execute(f"SELECT {columns} FROM dispensations ORDER BY prescription_number")
    return [tuple(row) for row in await cursor.fetchall()]


def faults(report: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Check, severity and prescription of each fault."""
    return [(fault["check"], fault["severity"], fault["prescription"]) for fault in report["faults"]]


def became(report: dict[str, Any]) -> dict[str, int]:
    """The counts of the only pharmacy, those that are not nought; they must add up to its total (R47)."""
    (counts,) = report["pharmacies"]
    names = ("stored", "duplicates", "revised", "voided", "voids_not_found", "with_errors")
    assert sum(counts[name] for name in names) == counts["total"]
    assert counts["valid"] + counts["with_errors"] == counts["total"]
    assert 0 <= counts["with_warnings"] <= counts["valid"]
    return {name: counts[name] for name in (*names, "with_warnings") if counts[name]}
