"""The report on one file, in the shape that is promised to senders (R47)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from messages.asap.faults import Fault

Verdict = Literal["accepted", "failed", "zero_report", "test", "void"]


@dataclass(frozen=True, slots=True)
class PharmacyCounts:
    """The records of one PHA block: total = valid + with_errors; ``with_warnings`` is a part of valid."""

    dea: str
    ncpdp: str
    npi: str
    total: int
    valid: int
    with_warnings: int
    with_errors: int

    def as_json(self) -> dict[str, str | int]:
        """Give the counts in the report's stable shape."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is to be said about a file. ``faults`` are those to be told of, ``faults_total`` is how many there are."""

    version: str | None
    transaction: str | None
    verdict: Verdict
    pharmacies: tuple[PharmacyCounts, ...]
    faults: tuple[Fault, ...]
    faults_total: int

    def as_json(self) -> str:
        """Give the report as JSON in its stable shape."""
        return json.dumps(
            {
                "version": self.version,
                "transaction": self.transaction,
                "verdict": self.verdict,
                "pharmacies": [counts.as_json() for counts in self.pharmacies],
                "faults": [fault.as_json() for fault in self.faults],
                "faults_total": self.faults_total,
            },
            ensure_ascii=False,
        )
