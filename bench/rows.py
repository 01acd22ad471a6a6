"""The peers' way to the same rows: inbox, record and one row for the report, committed message by message."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from messages.dispensation import DispensationRecordSubmitted
from store.contract import as_text

_INBOX = (
    "INSERT INTO inbox (sender, message_id, kind, digest, body_bytes, state, traceparent, received_at, settled_at) "
    "VALUES (?, ?, ?, ?, ?, 'done', '', ?, ?) ON CONFLICT DO NOTHING"
)
_RECORD = (
    "INSERT INTO dispensations (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, state, "
    "received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi, patient_last_name, "
    "patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, "
    "revision, seq) VALUES (?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', 1, ?) "
    "ON CONFLICT (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill) DO UPDATE SET "
    "original = excluded.original, revision = revision + 1, seq = excluded.seq"
)
_REPORT = (
    "INSERT INTO outbox (channel, name, destination, key, facts, seq, state, attempts, created_at, due_at) "
    "VALUES ('event', 'dispensation.recorded', 'dispensation.recorded', ?, '{}', ?, 'due', 0, ?, ?)"
)


def opened(path: Path) -> sqlite3.Connection:
    """Open the file as the store does: WAL, FULL, our own BEGIN."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-8192")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    return connection


def keep(connection: sqlite3.Connection, message_id: str, body: bytes) -> None:
    """One message is validated and committed, all its rows or none."""
    record = DispensationRecordSubmitted.model_validate_json(body)
    now = as_text(datetime.now(UTC))
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    patient, prescriber = record.patient, record.prescriber
    connection.execute("BEGIN IMMEDIATE")
    taken = connection.execute(_INBOX, ("app:bench", message_id, record.kind, digest, len(body), now, now))
    if taken.rowcount:
        seq = taken.lastrowid
        connection.execute(
            _RECORD,
            (
                record.dispenser.dea, record.prescription_number, str(record.filled_on), record.fill_number,
                str(record.quantity), record.partial_fill, now[:10], str(record.written_on), record.days_supply,
                record.product_id, prescriber.dea or "", prescriber.npi or "", patient.last_name, patient.first_name,
                str(patient.date_of_birth), patient.gender, patient.zip, patient.species or "", record.payment_type,
                body.decode(), seq,
            ),
        )  # fmt: skip
        connection.execute(_REPORT, (f"dispensation.recorded:{message_id}", seq, now, now))
    connection.execute("COMMIT")
