"""The search at the end: patients' data and secrets are nowhere they do not belong (R27, R38, R47)."""

from __future__ import annotations

import email
import email.policy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store.every_row import Tables
from workers.simulation.checks import Check
from workers.simulation.said import Said
from workers.simulation.story.cast import Cast

RECORDS = frozenset({"dispensations", "dispensation_versions"})
BODIES = frozenset({"dead_letters", "deferred"})
WORDS = frozenset({"tickets", "ticket_history", "conduct_cases", "conduct_history", "patient_alerts"})
"""What people write in tickets, cases and alerts: stored, shown in the portal, and nowhere else (R27, R28)."""
MAY_NUMBER = frozenset({"patient_records", "missed_reviews", "open_errors", "submissions", "outbox", "inbox"})
"""Prescription numbers alone: what follows the records, and reports to whoever handed them in (R47)."""
_NUMBER = re.compile(r"RXQ\d{7}")
_REPORTS = frozenset({"submission.status_report", "submission.failed"})
_LONG_ENOUGH = 8


@dataclass(frozen=True, slots=True)
class Places:
    """Where is searched. ``files`` are the store's own, ``broker`` is the broker's data folder: when they are on this machine."""

    tables: Tables
    files: tuple[Path, ...]
    mails: Path
    log: Path
    listing: str
    broker: Path | None


def search(places: Places, cast: Cast, said: list[Said], links: set[str]) -> tuple[Check, ...]:
    """Return a check for patients' data, one for prescription numbers, one for secrets; each names places, never values."""
    patient = _patients(cast)
    found, numbers, rows = Counter[str](), Counter[str](), 0
    for table, row in ((table, row) for table, kept in places.tables.items() for row in kept):
        rows, text = rows + 1, "\n".join(row.values())
        found[f"table {table}"] += table not in RECORDS | BODIES | WORDS and bool(patient.search(text))
        numbers[f"table {table}"] += table not in RECORDS | BODIES | MAY_NUMBER and bool(_NUMBER.search(text))
    mails = 0
    for notice, text in _mails(places.mails):
        mails += 1
        found[f"e-mail {notice}"] += bool(patient.search(text))
        numbers[f"e-mail {notice}"] += notice not in _REPORTS and bool(_NUMBER.search(text))
    log = places.log.read_text()
    for name, text in (("log", log), ("listing of dead letters", places.listing)):
        found[name] += bool(patient.search(text))
        numbers[name] += bool(_NUMBER.search(text))
    seen = rows + mails + log.count("\n")
    return (
        Check("R27", "rows, e-mails and log lines without a patient's name or birth date", seen, _told(found)),
        Check("R47", "rows, e-mails and log lines without a prescription's number", seen, _told(numbers)),
        _secrets(places, said, links),
    )


def _patients(cast: Cast) -> re.Pattern[str]:
    names = [re.escape(one.last_name) for one in cast.patients]
    days = [one.born_on for one in cast.patients]
    written = [f"{day}" for day in days] + [rf"(?<![0-9a-f]){day:%Y%m%d}(?![0-9a-f])" for day in days]
    return re.compile("|".join([*names, *written]), re.IGNORECASE)


def _mails(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.glob("*.eml"):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        parts = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
        yield str(mail["X-PMP-Notice"]), "\n".join([str(mail["Subject"]), str(mail["To"]), *parts])


def _secrets(places: Places, said: list[Said], links: set[str]) -> Check:
    """R38: no password anywhere, and no link's secret but in the e-mail that brings it."""
    passwords = {one.password.encode() for one in said if len(one.password) >= _LONG_ENOUGH}
    secrets = passwords | {link.encode() for link in links}
    against, bytes_seen = Counter[str](), 0
    for place, content, forbidden in _contents(places, passwords, secrets):
        bytes_seen += len(content)
        against[place] += sum(secret in content for secret in forbidden)
    against["listing of dead letters"] += sum(secret.decode() in places.listing for secret in secrets)
    return Check("R38", f"bytes without any of {len(secrets)} passwords and links' secrets", bytes_seen, _told(against))


def _contents(places: Places, passwords: set[bytes], secrets: set[bytes]) -> Iterator[tuple[str, bytes, set[bytes]]]:
    for table, rows in places.tables.items() if not places.files else ():  # a server keeps its files to itself
        yield f"table {table}", "\n".join(text for row in rows for text in row.values()).encode(), secrets
    for file in places.files:
        yield "store file", file.read_bytes(), secrets
    yield "log", places.log.read_bytes(), secrets
    for file in places.mails.glob("*.eml"):
        yield "e-mail", file.read_bytes(), passwords
    for file in places.broker.rglob("*") if places.broker is not None else ():
        if file.is_file():
            yield "broker's files", file.read_bytes(), secrets


def _told(found: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{place}: {number}" for place, number in sorted(found.items()) if number)
